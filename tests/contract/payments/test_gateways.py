"""What every gateway promises, asked of each of them."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from stripe import WebhookSignature

from apps.kernel.money import Money
from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.registry import GATEWAYS, list_gates
from apps.payments.adapters.sandbox import SandboxGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ActionRequired,
    BadSignature,
    Declined,
    Done,
    GatewayCall,
    GatewayUnavailable,
    Outcome,
    OutcomeUnknown,
    PaymentGateway,
)
from infra.simulators.adyen.notices import sign as adyen_sign
from tests.contract.payments.conftest import make_call, make_paypal_gateway
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
    is refused that was signed minutes ago. `card` is the brand and last digits of what approved
    payments are made with; `says_no` and `says_no_funds` are code and sentence of the two declines.
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
    currencies: tuple[str, ...] = ("EUR", "JPY", "KWD")
    says_no: tuple[tuple[str, ...], str] = (
        ("card_declined", "generic_decline"),
        "Your card was declined.",
    )
    says_no_funds: tuple[str, str] = ("insufficient_funds", "Your card has insufficient funds.")


@pytest.fixture(params=["sandbox", "stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Each provider in turn."""
    if request.param == "sandbox":
        yield _sandbox()
    elif request.param == "paypal":
        yield _paypal(
            request.getfixturevalue("paypal_simulator"), request.getfixturevalue("paypal_gateway")
        )
    elif request.param == "stripe":
        yield _stripe(
            request.getfixturevalue("stripe_simulator"), request.getfixturevalue("stripe_gateway")
        )
    else:
        yield _adyen(
            request.getfixturevalue("adyen_simulator"), request.getfixturevalue("adyen_gateway")
        )


class TestTheSuite:
    def test_asks_every_gateway_there_is(self) -> None:
        assert set(GATEWAYS) == {"sandbox", "stripe", "adyen", "paypal"}


class TestAuthorising:
    def test_reserves_the_money_and_names_the_card(self, provider: Provider) -> None:
        done = provider.gateway.perform(make_call(token=provider.approved))

        assert isinstance(done, Done)
        assert done.reference
        assert (done.brand, done.last4) == provider.card

    def test_again_with_its_key_gives_the_same_answer(self, provider: Provider) -> None:
        call = make_call(token=provider.approved)

        assert provider.gateway.perform(call) == provider.gateway.perform(call)

    def test_of_two_payments_gives_two_references(self, provider: Provider) -> None:
        first = provider.gateway.perform(make_call(token=provider.approved))
        second = provider.gateway.perform(make_call(token=provider.approved))

        assert isinstance(first, Done)
        assert isinstance(second, Done)
        assert first.reference != second.reference

    def test_takes_currencies_with_two_no_and_three_decimals(self, provider: Provider) -> None:
        for currency in provider.currencies:
            call = make_call(token=provider.approved, amount=Money(12990, currency))

            assert isinstance(provider.gateway.perform(call), Done), currency


class TestADecline:
    def test_is_an_answer_with_a_sentence_for_the_customer(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.declined))

        assert isinstance(answer, Declined)
        codes, sentence = provider.says_no
        assert answer.code in codes
        assert answer.detail.startswith(sentence)

    def test_for_lack_of_money_says_so(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.without_funds))

        assert isinstance(answer, Declined)
        assert (answer.code, answer.detail) == provider.says_no_funds

    def test_again_with_its_key_is_the_same_decline(self, provider: Provider) -> None:
        call = make_call(token=provider.declined)

        assert provider.gateway.perform(call) == provider.gateway.perform(call)


class TestAPaymentThatNeedsTheCustomer:
    def test_names_a_page_to_go_to(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.needs_action))

        assert isinstance(answer, ActionRequired)
        assert answer.reference
        assert answer.redirect_url.startswith("http://")

    def test_can_be_voided_before_the_customer_has_decided(self, provider: Provider) -> None:
        call = make_call(token=provider.needs_action)
        answer = provider.gateway.perform(call)
        assert isinstance(answer, ActionRequired)

        voided = provider.settle(
            make_call(OperationKind.VOID, of=call, authorization=answer.reference)
        )

        assert isinstance(voided, Done)


class TestALostAnswer:
    def test_leaves_the_outcome_open_until_it_is_looked_up(self, provider: Provider) -> None:
        call = make_call(token=provider.losing_token)

        with provider.losing_answers(), pytest.raises(OutcomeUnknown):
            provider.gateway.perform(call)

        found = provider.gateway.look_up(call) or provider.gateway.perform(call)
        assert isinstance(found, Done)
        assert (found.brand, found.last4) == provider.card


class TestAnOutage:
    def test_means_that_nothing_happened(self, provider: Provider) -> None:
        with pytest.raises(GatewayUnavailable):
            provider.unreachable.perform(make_call(token=provider.unreachable_token))


class TestWhatFollowsAnAuthorisation:
    @pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.VOID])
    def test_is_done_once_however_often_it_is_asked(
        self, provider: Provider, kind: OperationKind
    ) -> None:
        call = make_call(token=provider.approved)
        authorized = provider.gateway.perform(call)
        assert isinstance(authorized, Done)
        following = make_call(kind, of=call, authorization=authorized.reference)

        first = provider.settle(following)

        assert isinstance(first, Done)
        assert provider.settle(following) == first

    def test_refunds_what_was_captured(self, provider: Provider) -> None:
        call = make_call(token=provider.approved)
        authorized = provider.gateway.perform(call)
        assert isinstance(authorized, Done)
        reference = authorized.reference
        captured = provider.settle(
            make_call(OperationKind.CAPTURE, of=call, authorization=reference)
        )
        assert isinstance(captured, Done)
        refund = make_call(
            OperationKind.REFUND, of=call, authorization=reference, charge=captured.reference
        )

        refunded = provider.settle(refund)

        assert isinstance(refunded, Done)
        assert refunded.reference != reference
        assert provider.settle(refund) == refunded


class TestAMessage:
    def test_names_the_payment_it_is_about(self, provider: Provider) -> None:
        headers = provider.sign(provider.message, NOW)

        (message,) = provider.gateway.read_messages(provider.message, headers, NOW)

        assert message.payment_id == PAYMENT_ID
        assert message.reference == provider.reference
        assert message.event_id == provider.event_id

    @pytest.mark.parametrize(
        ("about", "is_setback"),
        [
            ({"object": "payment_intent", "id": "pi_1", "status": "canceled"}, True),
            ({"object": "payment_intent", "id": "pi_1", "status": "succeeded"}, False),
            ({"object": "refund", "payment_intent": "pi_1", "status": "failed"}, True),
            ({"object": "refund", "payment_intent": "pi_1", "status": "succeeded"}, False),
        ],
    )
    def test_of_stripe_says_whether_something_did_not_last(
        self, stripe_gateway: StripeGateway, about: dict[str, str], is_setback: bool
    ) -> None:
        body = json.dumps({"id": "evt_1", "type": "x", "data": {"object": about}}).encode()
        header = WebhookSignature.generate_signature_header(
            body.decode(), SECRET, timestamp=int(NOW.timestamp())
        )

        (message,) = stripe_gateway.read_messages(body, {"stripe-signature": header}, NOW)

        assert (message.reference, message.is_setback) == ("pi_1", is_setback)

    def test_that_comes_again_carries_the_same_name(self, provider: Provider) -> None:
        later = NOW + timedelta(seconds=90)
        (first,) = provider.gateway.read_messages(
            provider.message, provider.sign(provider.message, NOW), NOW
        )

        (second,) = provider.gateway.read_messages(
            provider.message, provider.sign(provider.message, later), later
        )

        assert first == second

    @pytest.mark.parametrize("spoil", ["body", "signature", "no signature", "empty body"])
    def test_with_a_wrong_signature_is_refused(self, provider: Provider, spoil: str) -> None:
        headers = provider.sign(provider.message, NOW)
        body = provider.message
        match spoil:
            case "body":
                body = body.replace(*provider.spoilt)
                assert body != provider.message
            case "signature":
                headers = {name: value[:-1] + "_" for name, value in headers.items()}
            case "no signature":
                headers = {}
            case _:
                body = b""

        with pytest.raises(BadSignature):
            provider.gateway.read_messages(body, headers, NOW)

    def test_signed_too_long_ago_is_refused(self, provider: Provider) -> None:
        if not provider.signs_time:
            pytest.skip("its signature carries no time")
        headers = provider.sign(provider.message, NOW - timedelta(seconds=301))

        with pytest.raises(BadSignature):
            provider.gateway.read_messages(provider.message, headers, NOW)

    def test_that_is_signed_but_unreadable_is_refused(self, provider: Provider) -> None:
        for body in (b"not json", b"[]", b'{"type": "x"}', b"\xff\xfe"):
            with pytest.raises(BadSignature):
                provider.gateway.read_messages(body, provider.sign(body, NOW), NOW)


class TestRouting:
    def test_leads_to_gates_that_are_worked_off(self, provider: Provider) -> None:
        tokens = (
            provider.approved,
            provider.declined,
            provider.unreachable_token,
            provider.losing_token,
        )

        assert {provider.gateway.route(token) for token in tokens} <= set(list_gates())

    def test_keeps_the_sandbox_s_troubles_apart(self) -> None:
        route = _sandbox().gateway.route
        gates = [route(token) for token in ("tok_approve", "tok_unavailable", "tok_timeout")]
        assert len(set(gates)) == 3


def _sandbox() -> Provider:
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


def _stripe(simulator: SimulatedStripe, gateway: StripeGateway) -> Provider:
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
    )


def _adyen(simulator: SimulatedAdyen, gateway: AdyenGateway) -> Provider:
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
        ),
        approved="stored_card_authorised",
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
    )


def _paypal(simulator: SimulatedPayPal, gateway: PayPalGateway) -> Provider:
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
        # PayPal repeats a message for days with the time of its first attempt, as far as is known.
        signs_time=False,
        card=("paypal", ""),
        # It offers no currency with three decimals.
        currencies=("EUR", "JPY"),
        says_no=(("INSTRUMENT_DECLINED",), "PayPal could not use the card or account"),
        says_no_funds=("PAYER_CANNOT_PAY", "Your PayPal account has no way to pay this amount."),
    )
