"""Stripe: what is sent to it, what it declines, and many threads at once."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.ports import (
    Declined,
    Done,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.payments.stripe_steps import CAPTURE, REFUND, authorized


class TestWhatIsSent:
    def test_is_an_intent_that_names_the_payment_and_carries_our_key(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, _ = authorized(stripe_gateway)

        (request,) = stripe_simulator.requests_to("POST", "/v1/payment_intents")

        assert request.headers["idempotency-key"] == call.idempotency_key
        assert request.headers["authorization"] == "Bearer sk_test_contract"
        assert f"metadata[payment_id]={call.payment_id}".encode() in request.body
        assert f"metadata[order_id]={call.order_id}".encode() in request.body
        assert b"capture_method=manual" in request.body
        assert b"amount=12990&currency=eur" in request.body

    def test_tells_nothing_about_the_machine(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        authorized(stripe_gateway)
        authorized(stripe_gateway)

        for request in stripe_simulator.requests_to("POST", "/v1/payment_intents"):
            assert "x-stripe-client-telemetry" not in request.headers
            about_us = request.headers["x-stripe-client-user-agent"]
            assert '"platform"' not in about_us
            assert "telemetry_id" not in about_us

    def test_leaves_no_token_in_the_log(
        self, stripe_gateway: StripeGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            authorized(stripe_gateway, make_call(token="pm_card_mastercard"))
            stripe_gateway.perform(make_call(token="pm_card_visa_chargeDeclined"))

        assert "pm_card" not in caplog.text
        assert "sk_test" not in caplog.text


class TestDeclines:
    @pytest.mark.parametrize(
        ("token", "code", "detail", "provider_code"),
        [
            (
                "pm_card_chargeDeclinedExpiredCard",
                "expired_card",
                "Your card has expired.",
                "expired_card",
            ),
            (
                "pm_card_chargeDeclinedProcessingError",
                "processing_error",
                "Your card could not be processed. Please try again later.",
                "processing_error",
            ),
            (
                "pm_card_visa_chargeDeclinedStolenCard",
                "stolen_card",
                "Your card was declined. Please try another way to pay.",
                "stolen_card card_declined",
            ),
            (
                "pm_no_such_method",
                "resource_missing",
                "This way to pay is not known any more. Please choose another one.",
                "resource_missing",
            ),
        ],
    )
    def test_have_a_sentence_of_our_own_and_stripes_codes(
        self,
        stripe_gateway: StripeGateway,
        token: str,
        code: str,
        detail: str,
        provider_code: str,
    ) -> None:
        answer = stripe_gateway.perform(make_call(token=token))

        assert isinstance(answer, Declined)
        assert (answer.code, answer.detail) == (code, detail)
        assert answer.provider_code == provider_code

    def test_name_the_intent_that_was_declined(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call = make_call(token="pm_card_visa_chargeDeclined")

        answer = stripe_gateway.perform(call)

        assert isinstance(answer, Declined)
        (intent,) = stripe_simulator.payment(call.payment_id)["intents"]
        assert answer.reference == intent["id"]
        assert intent["status"] == "requires_payment_method"

    def test_of_an_amount_that_is_too_small(self, stripe_gateway: StripeGateway) -> None:
        answer = stripe_gateway.perform(make_call(amount=Money(1, "EUR")))

        assert isinstance(answer, Declined)
        assert answer.code == "amount_too_small"

    def test_of_a_refund_that_failed_later_are_found(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway, make_call(token="pm_card_refundFail"))
        stripe_gateway.perform(make_call(CAPTURE, of=call, authorization=reference))
        refund = make_call(REFUND, of=call, authorization=reference)
        assert isinstance(stripe_gateway.perform(refund), Done)

        stripe_simulator.receiver.wait_for("refund.failed")

        answer = stripe_gateway.look_up(refund)
        assert isinstance(answer, Declined)
        assert answer.code == "lost_or_stolen_card"


class TestManyThreads:
    def test_share_one_gateway(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        calls = [make_call() for _ in range(120)]
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(stripe_gateway.perform, calls))
            captures = [
                make_call(CAPTURE, of=call, authorization=answer.reference)
                for call, answer in zip(calls, answers, strict=True)
            ]
            assert all(isinstance(one, Done) for one in pool.map(stripe_gateway.perform, captures))

        payments = stripe_simulator.ask("/_books")["payments"]
        assert len(payments) == 120
        assert {(one["captured"], len(one["intents"])) for one in payments} == {(12990, 1)}
        named = {one["payment_id"]: one["intents"][0]["id"] for one in payments}
        for call, answer in zip(calls, answers, strict=True):
            assert named[str(call.payment_id)] == answer.reference
