"""The gateways under test, and the simulated providers that they speak to."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.kernel.money import Money
from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Done, GatewayCall, Outcome
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    PASSWORD,
    USER,
    SimulatedAdyen,
)
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe

Calls = Callable[..., GatewayCall]


@pytest.fixture(scope="session")
def running_stripe() -> Iterator[SimulatedStripe]:
    """One simulated Stripe for all tests."""
    simulator = SimulatedStripe()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def stripe_simulator(running_stripe: SimulatedStripe) -> Iterator[SimulatedStripe]:
    """The simulated Stripe, with empty books and no faults; nobody may break the contract."""
    running_stripe.begin_anew()
    yield running_stripe
    assert running_stripe.broken_requests == []
    assert running_stripe.broken_answers == []


@pytest.fixture
def stripe_gateway(stripe_simulator: SimulatedStripe) -> StripeGateway:
    """The adapter, with a shorter patience than in production."""
    return StripeGateway(
        api_key="sk_test_contract",
        api_base=stripe_simulator.api_base,
        webhook_secret=SECRET,
        read_seconds=3.0,
    )


@pytest.fixture(scope="session")
def running_adyen() -> Iterator[SimulatedAdyen]:
    """One simulated Adyen for all tests."""
    simulator = SimulatedAdyen()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture(scope="session")
def running_paypal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPayPal]:
    """One simulated PayPal for all tests."""
    simulator = SimulatedPayPal(keys=tmp_path_factory.mktemp("paypal")).start()
    yield simulator
    simulator.stop()


@pytest.fixture
def adyen_simulator(running_adyen: SimulatedAdyen) -> Iterator[SimulatedAdyen]:
    """The simulated Adyen, with empty books and no faults; nobody may break the contract."""
    running_adyen.begin_anew()
    yield running_adyen
    assert running_adyen.broken_requests == []
    assert running_adyen.broken_answers == []


@pytest.fixture
def adyen_gateway(adyen_simulator: SimulatedAdyen) -> AdyenGateway:
    """The adapter, with a shorter patience than in production."""
    return AdyenGateway(
        api_key="key_of_the_contract_tests",
        api_base=adyen_simulator.api_base,
        merchant_account=MERCHANT,
        hmac_key=KEY,
        webhook_user=USER,
        webhook_password=PASSWORD,
        report_base=f"{adyen_simulator.base}/reports/",
        read_seconds=3.0,
    )


@pytest.fixture
def paypal_simulator(running_paypal: SimulatedPayPal) -> Iterator[SimulatedPayPal]:
    """The simulated PayPal, with empty books and no faults; nobody may break the contract."""
    running_paypal.begin_anew()
    yield running_paypal
    assert running_paypal.broken_requests == []
    assert running_paypal.broken_answers == []


@pytest.fixture
def paypal_gateway(paypal_simulator: SimulatedPayPal) -> PayPalGateway:
    """The adapter, with a shorter patience than in production."""
    return make_paypal_gateway(paypal_simulator, read_seconds=3.0)


def make_paypal_gateway(simulator: SimulatedPayPal, **more: Any) -> PayPalGateway:
    """Make an adapter that speaks to a simulator."""
    given: dict[str, Any] = {
        "client_id": "contract-client",
        "client_secret": "contract-client-secret",
        "api_base": simulator.api_base,
        "webhook_id": simulator.webhook_id,
        "certificate_base": f"{simulator.api_base}/",
        "ca_file": Path(simulator.ca_file),
    }
    return PayPalGateway(**{**given, **more})


@pytest.fixture
def new_call() -> Calls:
    """Make calls: a new payment's authorisation, or what follows one."""
    return make_call


def untimed(answer: Outcome | None) -> Outcome | None:
    """Give an answer without until when an authorisation is held."""
    return replace(answer, held_until=None) if isinstance(answer, Done) else answer


def make_call(
    kind: OperationKind = OperationKind.AUTHORIZE,
    *,
    token: str = "pm_card_visa",
    method_type: str = "card",
    of: GatewayCall | None = None,
    authorization: str = "",
    reference: str = "",
    charge: str = "",
    told: tuple[Mapping[str, Any], ...] = (),
    amount: Money | None = None,
    nth: int = 1,
    created_at: datetime | None = None,
) -> GatewayCall:
    """Make a call; `of` names the authorisation that it belongs to."""
    payment_id = of.payment_id if of else PaymentId(uuid.uuid4())
    return GatewayCall(
        operation_id=OperationId(uuid.uuid4()),
        payment_id=payment_id,
        order_id=of.order_id if of else OrderId(uuid.uuid4()),
        kind=kind,
        amount=amount or (of.amount if of else Money(12990, "EUR")),
        idempotency_key=f"{payment_id}:{kind}:{nth}",
        authorization=authorization,
        reference=reference,
        charge=charge,
        told=told,
        method_type=of.method_type if of else method_type,
        method_token=of.method_token if of else token,
        return_url=f"http://shop.example/payments/{payment_id}/return",
        created_at=created_at or datetime.now(UTC),
        customer_id=CustomerId(uuid.uuid5(payment_id, "customer")),
    )
