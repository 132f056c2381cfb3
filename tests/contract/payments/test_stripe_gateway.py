"""How the Stripe adapter finds the truth when things go wrong."""

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from apps.kernel.clock import FrozenClock
from apps.kernel.money import Money
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe, wait_until

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND


def authorized(gateway: StripeGateway, call: GatewayCall | None = None) -> tuple[GatewayCall, str]:
    """Authorise a payment; returns its call and the reference of the authorisation."""
    call = call or make_call()
    done = gateway.perform(call)
    assert isinstance(done, Done)
    return call, done.reference


def captured(gateway: StripeGateway) -> tuple[GatewayCall, str]:
    """Authorise and capture a payment."""
    call, reference = authorized(gateway)
    assert isinstance(gateway.perform(make_call(CAPTURE, of=call, authorization=reference)), Done)
    return call, reference


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

    def test_travels_over_a_kept_connection(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        for _ in range(3):
            authorized(stripe_gateway)

        requests = stripe_simulator.requests_to("POST", "/v1/payment_intents")
        assert {request.headers["connection"] for request in requests} == {"keep-alive"}

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
        ("token", "code", "detail"),
        [
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", "Your card has expired."),
            (
                "pm_card_chargeDeclinedProcessingError",
                "processing_error",
                "Your card could not be processed. Please try again later.",
            ),
            (
                "pm_card_visa_chargeDeclinedStolenCard",
                "stolen_card",
                "Your card was declined. Please try another way to pay.",
            ),
            (
                "pm_no_such_method",
                "resource_missing",
                "This way to pay is not known any more. Please choose another one.",
            ),
        ],
    )
    def test_have_a_sentence_of_our_own(
        self, stripe_gateway: StripeGateway, token: str, code: str, detail: str
    ) -> None:
        answer = stripe_gateway.perform(make_call(token=token))

        assert isinstance(answer, Declined)
        assert (answer.code, answer.detail) == (code, detail)

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


class TestApprovalByTheCustomer:
    def asked(self, gateway: StripeGateway) -> tuple[GatewayCall, str]:
        call = make_call(token="pm_card_authenticationRequired")
        answer = gateway.perform(call)
        assert isinstance(answer, ActionRequired)
        return make_call(of=call, authorization=answer.reference), answer.reference

    def test_that_is_still_to_come_is_waited_for(self, stripe_gateway: StripeGateway) -> None:
        call, reference = self.asked(stripe_gateway)

        answer = stripe_gateway.look_up(call)

        assert isinstance(answer, ActionRequired)
        assert answer.reference == reference

    def test_reserves_the_money(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = self.asked(stripe_gateway)

        stripe_simulator.decide(reference, "approve")

        assert stripe_gateway.look_up(call) == Done(reference=reference, brand="visa", last4="3184")

    def test_that_is_refused_declines_the_payment(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = self.asked(stripe_gateway)

        stripe_simulator.decide(reference, "fail")

        answer = stripe_gateway.look_up(call)
        assert isinstance(answer, Declined)
        assert answer.code == "payment_intent_authentication_failure"

    def test_after_which_the_bank_says_no_declines_the_payment(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        token = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
        call = make_call(token=token)
        asked = stripe_gateway.perform(call)
        assert isinstance(asked, ActionRequired)

        stripe_simulator.decide(asked.reference, "approve")

        answer = stripe_gateway.look_up(make_call(of=call, authorization=asked.reference))
        assert isinstance(answer, Declined)
        assert answer.code == "insufficient_funds"

    def test_is_not_waited_for_once_the_payment_is_called_off(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = self.asked(stripe_gateway)
        stripe_gateway.perform(make_call(VOID, of=call, authorization=reference))

        answer = stripe_gateway.look_up(call)

        assert isinstance(answer, Declined)
        assert answer.code == "canceled"


class TestLostAnswers:
    def test_of_an_authorisation_never_authorise_twice(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call = make_call()
        with stripe_simulator.faults(lose_answers_rate=1):
            for _ in range(3):
                with pytest.raises(OutcomeUnknown):
                    stripe_gateway.perform(call)

        assert stripe_gateway.look_up(call) is None
        assert isinstance(stripe_gateway.perform(call), Done)
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1

    @pytest.mark.parametrize("kind", [CAPTURE, VOID, REFUND])
    def test_of_other_calls_are_found_in_the_books(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe, kind: OperationKind
    ) -> None:
        prepare = captured if kind is REFUND else authorized
        call, reference = prepare(stripe_gateway)
        following = make_call(kind, of=call, authorization=reference)
        assert stripe_gateway.look_up(following) is None
        with stripe_simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            stripe_gateway.perform(following)

        found = stripe_gateway.look_up(following)

        assert isinstance(found, Done)
        assert stripe_gateway.perform(following) == found

    def test_that_come_too_late_leave_the_outcome_open(
        self, stripe_simulator: SimulatedStripe
    ) -> None:
        hasty = StripeGateway(
            api_key="sk_test_contract",
            api_base=stripe_simulator.api_base,
            webhook_secret=SECRET,
            read_seconds=0.2,
        )
        call = make_call()
        with stripe_simulator.faults(latency_ms=600):
            with pytest.raises(OutcomeUnknown, match="stripe_no_answer"):
                hasty.perform(call)
            # The first request is still under way: its key is in use, and it will succeed.
            with pytest.raises(OutcomeUnknown, match="stripe_http_409"):
                hasty.perform(call)
            wait_until(lambda: stripe_simulator.has_payment(call.payment_id))
        assert isinstance(hasty.perform(call), Done)
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1

    def test_while_looking_up_say_that_the_provider_is_away(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway)
        with stripe_simulator.faults(down=True), pytest.raises(GatewayUnavailable):
            stripe_gateway.look_up(make_call(CAPTURE, of=call, authorization=reference))


class TestRefusedRequests:
    def test_by_a_rate_limit_did_nothing(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call = make_call()
        with stripe_simulator.faults(refuse=429), pytest.raises(GatewayUnavailable):
            stripe_gateway.perform(call)

        assert isinstance(stripe_gateway.perform(call), Done)

    @pytest.mark.parametrize("refuse", [500, 503, "reset"])
    def test_by_a_breakdown_may_have_done_it(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe, refuse: int | str
    ) -> None:
        with stripe_simulator.faults(refuse=refuse), pytest.raises(OutcomeUnknown):
            stripe_gateway.perform(make_call())

    def test_with_a_wrong_key_did_nothing_and_are_complained_about(
        self, stripe_simulator: SimulatedStripe
    ) -> None:
        gateway = StripeGateway(
            api_key="nonsense", api_base=stripe_simulator.api_base, webhook_secret=SECRET
        )
        call = make_call()
        with structlog.testing.capture_logs() as lines:
            with pytest.raises(GatewayUnavailable, match="stripe_key_refused"):
                gateway.perform(call)
            with pytest.raises(GatewayUnavailable, match="stripe_key_refused"):
                gateway.look_up(make_call(CAPTURE, of=call, authorization="pi_1"))

        assert [line["log_level"] for line in lines] == ["error", "error"]
        assert not stripe_simulator.has_payment(call.payment_id)

    def test_for_other_parameters_under_the_same_key_are_answered_by_the_books(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway)
        moved = replace(call, return_url="http://elsewhere.example/return")

        answer = stripe_gateway.perform(moved)

        assert answer == Done(reference=reference, brand="visa", last4="4242")
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1

    def test_for_other_parameters_of_which_the_books_know_nothing_stay_open(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, _ = authorized(stripe_gateway)
        other = replace(call, payment_id=uuid.uuid4())

        with pytest.raises(OutcomeUnknown, match="stripe_key_used"):
            stripe_gateway.perform(other)

    def test_for_an_amount_that_stripe_cannot_express_are_not_even_made(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        with pytest.raises(GatewayMisused, match="too many decimals"):
            stripe_gateway.perform(make_call(amount=Money(1234, "KWD")))

        assert stripe_simulator.requests_to("POST", "/v1/payment_intents") == []


class TestInternalErrors:
    """Stripe stores a 500 under its key, and would repeat it for ever."""

    def test_before_the_work_are_got_over_with_another_key(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call = make_call()
        with stripe_simulator.faults(error_rate=1), pytest.raises(OutcomeUnknown):
            stripe_gateway.perform(call)

        answer = stripe_gateway.look_up(call) or stripe_gateway.perform(call)

        assert isinstance(answer, Done)
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1
        keys = [
            request.headers["idempotency-key"]
            for request in stripe_simulator.requests_to("POST", "/v1/payment_intents")
        ]
        assert keys == [call.idempotency_key, call.idempotency_key, f"{call.idempotency_key}:1"]

    def test_after_the_work_do_not_authorise_twice(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        others = [authorized(stripe_gateway)[0] for _ in range(3)]
        call = make_call()
        with stripe_simulator.faults(error_after_work_rate=1), pytest.raises(OutcomeUnknown):
            stripe_gateway.perform(call)

        answer = stripe_gateway.look_up(call) or stripe_gateway.perform(call)

        (intent,) = stripe_simulator.payment(call.payment_id)["intents"]
        assert answer == Done(reference=intent["id"], brand="visa", last4="4242")
        assert all(stripe_simulator.payment(one.payment_id) for one in others)

    def test_are_got_over_again_and_again(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call = make_call()
        with stripe_simulator.faults(error_rate=1):
            with pytest.raises(OutcomeUnknown):
                stripe_gateway.perform(call)
            with pytest.raises(OutcomeUnknown):
                # The books cannot be read either.
                stripe_gateway.perform(call)

        assert isinstance(stripe_gateway.perform(call), Done)
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1

    @pytest.mark.parametrize("fault", ["error_rate", "error_after_work_rate"])
    @pytest.mark.parametrize("kind", [CAPTURE, VOID, REFUND])
    def test_of_other_calls_are_settled_by_the_books(
        self,
        stripe_gateway: StripeGateway,
        stripe_simulator: SimulatedStripe,
        kind: OperationKind,
        fault: str,
    ) -> None:
        prepare = captured if kind is REFUND else authorized
        call, reference = prepare(stripe_gateway)
        following = make_call(kind, of=call, authorization=reference)
        with stripe_simulator.faults(**{fault: 1}), pytest.raises(OutcomeUnknown):
            stripe_gateway.perform(following)

        answer = stripe_gateway.look_up(following) or stripe_gateway.perform(following)

        assert isinstance(answer, Done)
        assert stripe_gateway.perform(following) == answer
        books = stripe_simulator.payment(call.payment_id)
        assert (books["live_authorizations"], books["captured"], books["refunded"]) == {
            CAPTURE: (0, 12990, 0),
            VOID: (0, 0, 0),
            REFUND: (0, 12990, 12990),
        }[kind]


class TestOldCalls:
    """Stripe forgets keys after a day, so old calls are found by what they were for."""

    def test_that_were_carried_out_are_found_by_the_payment(
        self, stripe_simulator: SimulatedStripe, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = authorized(stripe_gateway)
        assert stripe_gateway.look_up(call) is None

        found = self.after(timedelta(hours=20), stripe_simulator).look_up(call)

        assert found == Done(reference=reference, brand="visa", last4="4242")

    def test_that_never_arrived_may_be_made_again(self, stripe_simulator: SimulatedStripe) -> None:
        later = self.after(timedelta(hours=30), stripe_simulator)

        assert later.look_up(make_call()) is None

    def test_that_were_declined_are_found_declined(
        self, stripe_simulator: SimulatedStripe, stripe_gateway: StripeGateway
    ) -> None:
        call = make_call(token="pm_card_visa_chargeDeclinedInsufficientFunds")
        stripe_gateway.perform(call)

        found = self.after(timedelta(hours=20), stripe_simulator).look_up(call)

        assert isinstance(found, Declined)
        assert found.code == "insufficient_funds"

    def after(self, age: timedelta, simulator: SimulatedStripe) -> StripeGateway:
        """Give a gateway whose clock is ahead."""
        return StripeGateway(
            api_key="sk_test_contract",
            api_base=simulator.api_base,
            webhook_secret=SECRET,
            clock=FrozenClock(datetime.now(UTC) + age),
        )


class TestUnexpectedStates:
    def test_capturing_what_was_captured_already_is_done(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = captured(stripe_gateway)

        again = stripe_gateway.perform(make_call(CAPTURE, of=call, authorization=reference, nth=2))

        assert isinstance(again, Done)

    def test_capturing_what_has_expired_is_declined(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway)
        stripe_simulator.ask(f"/_expire?payment_intent={reference}", "POST")

        answer = stripe_gateway.perform(make_call(CAPTURE, of=call, authorization=reference))

        assert isinstance(answer, Declined)
        assert answer.code == "canceled"

    def test_capturing_another_amount_than_was_captured_is_no_success(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = captured(stripe_gateway)
        less = make_call(CAPTURE, of=call, authorization=reference, amount=Money(500, "EUR"), nth=2)
        with pytest.raises(GatewayMisused, match="Not 500 but 12990 was captured"):
            stripe_gateway.perform(less)

    def test_capturing_a_part_takes_that_part(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway)
        part = make_call(CAPTURE, of=call, authorization=reference, amount=Money(990, "EUR"))

        assert isinstance(stripe_gateway.perform(part), Done)
        assert stripe_simulator.payment(call.payment_id)["captured"] == 990

    def test_capturing_more_than_was_authorised_is_a_fault_of_ours(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = authorized(stripe_gateway)
        more = make_call(CAPTURE, of=call, authorization=reference, amount=Money(12991, "EUR"))

        with pytest.raises(GatewayMisused, match="amount_too_large"):
            stripe_gateway.perform(more)

    def test_voiding_what_was_voided_already_is_done(self, stripe_gateway: StripeGateway) -> None:
        call, reference = authorized(stripe_gateway)
        first = make_call(VOID, of=call, authorization=reference)
        second = make_call(VOID, of=call, authorization=reference, nth=2)

        assert stripe_gateway.perform(first) == stripe_gateway.perform(second)

    def test_voiding_what_was_captured_is_declined(self, stripe_gateway: StripeGateway) -> None:
        call, reference = captured(stripe_gateway)

        answer = stripe_gateway.perform(make_call(VOID, of=call, authorization=reference))

        assert isinstance(answer, Declined)
        assert answer.code == "already_captured"

    def test_refunding_in_parts_ends_when_nothing_is_left(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = captured(stripe_gateway)
        for nth, minor in enumerate((2990, 10000), start=1):
            part = make_call(
                REFUND, of=call, authorization=reference, amount=Money(minor, "EUR"), nth=nth
            )
            assert isinstance(stripe_gateway.perform(part), Done)
        more = make_call(REFUND, of=call, authorization=reference, amount=Money(1, "EUR"), nth=3)

        with pytest.raises(GatewayMisused, match="charge_already_refunded"):
            stripe_gateway.perform(more)

        assert stripe_simulator.payment(call.payment_id)["refunded"] == 12990

    def test_refunding_what_somebody_refunded_at_stripe_counts_as_done(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = captured(stripe_gateway)
        by_hand = stripe_simulator.refund_by_hand(reference)

        answer = stripe_gateway.perform(make_call(REFUND, of=call, authorization=reference))

        assert answer == Done(reference=by_hand)

    def test_of_an_unknown_payment_are_a_fault_of_ours(self, stripe_gateway: StripeGateway) -> None:
        call = make_call()
        with pytest.raises(GatewayMisused, match="resource_missing"):
            stripe_gateway.perform(make_call(CAPTURE, of=call, authorization="pi_unknown"))
        with pytest.raises(GatewayMisused):
            stripe_gateway.perform(make_call(CAPTURE, of=call))


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
