"""Each gateway with its provider, as the suite that all of them pass wants them."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from stripe import WebhookSignature

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.sandbox import SandboxGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.ports import (
    GatewayCall,
    Outcome,
    PaymentGateway,
)
from infra.simulators.adyen.notices import sign as adyen_sign
from tests.contract.payments.conftest import make_paypal_gateway
from tests.contract.payments.running import RunningSimulator
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    PASSWORD,
    USER,
    SimulatedAdyen,
)
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAYMENT_ID = uuid.UUID("0193a8a0-0000-7000-8000-000000000001")


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A gateway, and how its provider is brought to do what a test is about.

    `losing_answers` has the provider do the work and the answer not arrive. `settle` makes a call
    and waits for its end, where the provider tells that later. `sign` gives the headers of a
    message, `spoilt` a part of it with what it is falsified to. `signs_time` says whether a message
    is refused that was signed minutes ago. `ripen` makes an authorisation old enough to be renewed;
    `renews` says whether the provider has that at all. `card` is the brand and last digits of what approved
    payments are made with; `says_no` and `says_no_funds` are code and sentence of the two declines, `own_code` is
    what the provider itself says at the first of them.
    `apple_pay` is a token of that, where it takes any.
    `announce` has today's report announced, where the provider does that, and gives what was told.
    """

    gateway: PaymentGateway
    unreachable: PaymentGateway
    approved: str
    declined: str
    without_funds: str
    needs_action: str
    unreachable_token: str
    losing_token: str
    losing_answers: Callable[[], AbstractContextManager[None]]
    settle: Callable[[GatewayCall], Outcome]
    message: bytes
    event_id: str
    spoilt: tuple[bytes, bytes]
    reference: str
    sign: Callable[[bytes, datetime], dict[str, str]]
    signs_time: bool
    card: tuple[str, str] = ("visa", "4242")
    renews: bool = True
    ripen: Callable[[str], None] = lambda authorization: None
    currencies: tuple[str, ...] = ("EUR", "JPY", "KWD")
    says_no: tuple[tuple[str, ...], str] = (
        ("card_declined", "generic_decline"),
        "Your card was declined.",
    )
    own_code: str = "card_declined"
    says_no_funds: tuple[str, str] = ("insufficient_funds", "Your card has insufficient funds.")
    apple_pay: str = ""
    simulator: RunningSimulator | None = None
    announce: Callable[[], Sequence[Mapping[str, Any]]] = tuple


def open_provider(request: pytest.FixtureRequest) -> Provider:
    """Give the provider that a fixture's parameter names, its simulator running."""
    match request.param:
        case "stripe":
            return stripe_provider(
                request.getfixturevalue("stripe_simulator"),
                request.getfixturevalue("stripe_gateway"),
            )
        case "adyen":
            return adyen_provider(
                request.getfixturevalue("adyen_simulator"), request.getfixturevalue("adyen_gateway")
            )
        case "paypal":
            return paypal_provider(
                request.getfixturevalue("paypal_simulator"),
                request.getfixturevalue("paypal_gateway"),
            )
        case _:
            return sandbox_provider()


def sandbox_provider() -> Provider:
    """The sandbox, in this process."""
    gateway = SandboxGateway(latency_seconds=0, secret="sandbox", base_url="http://shop.example")

    def sign(body: bytes, now: datetime) -> dict[str, str]:
        digest = hmac.new(b"sandbox", body, hashlib.sha256).hexdigest()
        return {"sandbox-signature": digest}

    message = {
        "id": "evt_1",
        "type": "approved",
        "reference": "sbx_1",
        "payment_id": str(PAYMENT_ID),
    }
    return Provider(
        gateway=gateway,
        unreachable=gateway,
        approved="tok_approve",
        apple_pay="tok_approve",
        declined="tok_decline",
        without_funds="tok_insufficient_funds",
        needs_action="tok_requires_action",
        unreachable_token="tok_unavailable",
        losing_token="tok_timeout",
        losing_answers=nullcontext,
        settle=gateway.perform,
        message=json.dumps(message).encode(),
        event_id="evt_1",
        spoilt=(b"evt_1", b"evt_2"),
        reference="sbx_1",
        sign=sign,
        signs_time=False,
    )


def stripe_provider(simulator: SimulatedStripe, gateway: StripeGateway) -> Provider:
    """Stripe, at its simulator."""

    def sign(body: bytes, now: datetime) -> dict[str, str]:
        text = body.decode("latin-1")
        header = WebhookSignature.generate_signature_header(
            text, SECRET, timestamp=int(now.timestamp())
        )
        return {"stripe-signature": header}

    about = {
        "object": "payment_intent",
        "id": "pi_1",
        "metadata": {"payment_id": str(PAYMENT_ID)},
    }
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "data": {"object": about},
    }
    return Provider(
        gateway=gateway,
        # Nothing listens on port 9.
        unreachable=StripeGateway(
            api_key="sk_test_contract", api_base="http://127.0.0.1:9", webhook_secret=SECRET
        ),
        approved="pm_card_visa",
        apple_pay="pm_apple_pay",
        declined="pm_card_visa_chargeDeclined",
        without_funds="pm_card_visa_chargeDeclinedInsufficientFunds",
        needs_action="pm_card_authenticationRequired",
        unreachable_token="pm_card_visa",
        losing_token="pm_card_visa",
        losing_answers=lambda: simulator.faults(lose_answers_rate=1),
        settle=gateway.perform,
        message=json.dumps(event).encode(),
        event_id="evt_1",
        spoilt=(b"evt_1", b"evt_2"),
        reference="pi_1",
        sign=sign,
        signs_time=True,
        simulator=simulator,
        renews=False,
        own_code="generic_decline card_declined",
    )


def adyen_provider(simulator: SimulatedAdyen, gateway: AdyenGateway) -> Provider:
    """Adyen, at its simulator."""

    def sign(body: bytes, now: datetime) -> dict[str, str]:
        # The signature is in the body; a password comes in the headers.
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return {"authorization": f"Basic {pair}"}

    item: dict[str, object] = {
        "eventCode": "AUTHORISATION",
        "success": "true",
        "eventDate": "2026-11-22T12:00:00+00:00",
        "merchantAccountCode": MERCHANT,
        "merchantReference": str(PAYMENT_ID),
        "pspReference": "7914073381342284",
        "amount": {"currency": "EUR", "value": 12990},
    }
    signed = {**item, "additionalData": {"hmacSignature": adyen_sign(item, KEY)}}
    letter = {"live": "false", "notificationItems": [{"NotificationRequestItem": signed}]}
    return Provider(
        gateway=gateway,
        # Nothing listens on port 9.
        unreachable=AdyenGateway(
            api_key="key",
            api_base="http://127.0.0.1:9/v72",
            merchant_account=MERCHANT,
            hmac_key=KEY,
            report_base="http://127.0.0.1:9/reports/",
        ),
        approved="stored_card_authorised",
        apple_pay="apple_pay_authorised",
        declined="stored_card_refused",
        without_funds="stored_card_not_enough_balance",
        needs_action="stored_card_challenge",
        unreachable_token="stored_card_authorised",
        losing_token="stored_card_authorised",
        losing_answers=lambda: simulator.faults(lose_answers_rate=1),
        settle=lambda call: simulator.settle(gateway, call),
        message=json.dumps(letter).encode(),
        event_id="7914073381342284:AUTHORISATION:true",
        spoilt=(b"12990", b"1"),
        reference="7914073381342284",
        sign=sign,
        signs_time=False,
        simulator=simulator,
        own_code="2 Refused",
        announce=lambda: simulator.announce(gateway),
    )


def paypal_provider(simulator: SimulatedPayPal, gateway: PayPalGateway) -> Provider:
    """PayPal, at its simulator."""
    about = {
        "id": "AUTHORIZATION1",
        "status": "CREATED",
        "custom_id": str(PAYMENT_ID),
        "supplementary_data": {"related_ids": {"order_id": "ORDER1"}},
    }
    event = {
        "id": "evt_1",
        "event_type": "PAYMENT.AUTHORIZATION.CREATED",
        "resource_type": "authorization",
        "resource": about,
    }
    return Provider(
        gateway=gateway,
        # Nothing listens on port 9.
        unreachable=make_paypal_gateway(simulator, api_base="http://127.0.0.1:9"),
        approved="vault-ok",
        declined="vault-declined",
        without_funds="vault-no-funds",
        needs_action="wallet",
        unreachable_token="vault-ok",
        losing_token="vault-ok",
        losing_answers=lambda: simulator.faults(lose_answers_rate=1),
        settle=gateway.perform,
        message=json.dumps(event).encode(),
        event_id="evt_1",
        spoilt=(b"evt_1", b"evt_2"),
        reference="AUTHORIZATION1",
        sign=simulator.headers_for,
        simulator=simulator,
        # PayPal repeats a message for days with the time of its first attempt, as far as is known.
        signs_time=False,
        card=("paypal", ""),
        ripen=lambda authorization: simulator.let("age", authorization=authorization, days="4"),
        # It offers no currency with three decimals.
        currencies=("EUR", "JPY"),
        own_code="INSTRUMENT_DECLINED",
        says_no=(("INSTRUMENT_DECLINED",), "PayPal could not use the card or account"),
        says_no_funds=("PAYER_CANNOT_PAY", "Your PayPal account has no way to pay this amount."),
    )
