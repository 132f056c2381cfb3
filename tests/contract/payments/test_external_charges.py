"""What every provider says of a payment that was charged at its own desk."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.kernel.money import Money
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import ALREADY_CAPTURED, Declined, Done, GatewayCall, Outcome
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import Provider, open_provider

SIXTY = Money(6000, "EUR")


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider that has a desk of its own."""
    return open_provider(request)


def charge_at_desk(provider: Provider, authorization: str, *, is_part: bool = True) -> None:
    """Have sixty euros charged there, or all that is held, and wait until that is told."""
    name = provider.gateway.route("")
    door, part = {
        "stripe": (f"payment_intent={authorization}", "&amount=6000"),
        "adyen": (f"psp_reference={authorization}", "&value=6000"),
        "paypal": (f"authorization={authorization}", "&amount=60.00"),
    }[name]
    kind = {
        "stripe": "payment_intent.succeeded",
        "adyen": "CAPTURE",
        "paypal": "PAYMENT.CAPTURE.COMPLETED",
    }[name]
    assert provider.simulator is not None
    provider.simulator.ask(f"/_capture?{door}{part if is_part else ''}", "POST")
    provider.simulator.receiver.wait_for(kind)


def authorized(provider: Provider) -> tuple[GatewayCall, str]:
    """Hold 129.90 euros; gives the call and the name of the authorisation."""
    call = make_call(token=provider.approved)
    held = provider.gateway.perform(call)
    assert isinstance(held, Done)
    return call, held.reference


def informed(provider: Provider, call: GatewayCall) -> GatewayCall:
    """Give a call with all that was told so far."""
    assert provider.simulator is not None
    told = [
        message.facts
        for letter in list(provider.simulator.receiver.letters)
        for message in provider.gateway.read_messages(
            letter.body, letter.headers, datetime.now(UTC)
        )
        if message.facts
    ]
    return replace(call, told=tuple(told))


def looked_up(provider: Provider, call: GatewayCall, authorization: str) -> Outcome | None:
    look = make_call(OperationKind.CAPTURE, of=call, authorization=authorization)
    return provider.gateway.look_up(informed(provider, look))


class TestAChargeAtTheDesk:
    def test_of_a_part_is_found_with_its_amount(self, provider: Provider) -> None:
        call, authorization = authorized(provider)
        charge_at_desk(provider, authorization)
        found = looked_up(provider, call, authorization)
        assert isinstance(found, Done)
        assert found.charged == SIXTY

    def test_of_all_is_found_as_any_charge(self, provider: Provider) -> None:
        call, authorization = authorized(provider)
        charge_at_desk(provider, authorization, is_part=False)
        found = looked_up(provider, call, authorization)
        assert isinstance(found, Done)
        assert found.charged is None

    def test_is_what_a_call_of_ours_comes_to(self, provider: Provider) -> None:
        call, authorization = authorized(provider)
        charge_at_desk(provider, authorization)
        late = make_call(OperationKind.CAPTURE, of=call, authorization=authorization)
        found = provider.settle(late)
        assert isinstance(found, Done)
        assert found.charged == SIXTY

    def test_cannot_be_voided_and_goes_back_as_what_it_was(self, provider: Provider) -> None:
        call, authorization = authorized(provider)
        charge_at_desk(provider, authorization)
        void = make_call(OperationKind.VOID, of=call, authorization=authorization)
        refused = provider.settle(void)
        assert isinstance(refused, Declined)
        assert refused.code == ALREADY_CAPTURED

        found = looked_up(provider, call, authorization)
        assert isinstance(found, Done)
        refund = make_call(
            OperationKind.REFUND,
            of=call,
            authorization=authorization,
            charge=found.reference,
            amount=SIXTY,
        )
        assert isinstance(provider.settle(refund), Done)
        assert provider.simulator is not None
        books = provider.simulator.payment(call.payment_id)
        assert books["captured"] == books["refunded"] == 6000
