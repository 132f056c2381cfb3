"""Stripe: answers that are lost, late, refused or repeated for ever."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from apps.kernel.clock import FrozenClock
from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    Declined,
    Done,
    GatewayMisused,
    GatewayUnavailable,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call, untimed
from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.contract.payments.stripe_steps import CAPTURE, REFUND, VOID, authorized, captured
from tests.waiting import wait_until


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
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        hasty = StripeGateway(
            api_key="sk_test_contract",
            api_base=stripe_simulator.api_base,
            webhook_secret=SECRET,
            read_seconds=0.2,
        )
        call = make_call()
        with stripe_simulator.faults(latency_ms=HELD_MS):
            with pytest.raises(OutcomeUnknown, match="stripe_no_answer"):
                hasty.perform(call)
            wait_until(lambda: bool(stripe_simulator.ask("/_calls")["total"]))
            # The first request is still under way: its key is in use, and it will succeed.
            with pytest.raises(OutcomeUnknown, match="stripe_http_409"):
                stripe_gateway.perform(call)
        wait_until(lambda: stripe_simulator.has_payment(call.payment_id))
        assert isinstance(stripe_gateway.perform(call), Done)
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

        assert untimed(answer) == Done(reference=reference, brand="visa", last4="4242")
        assert stripe_simulator.payment(call.payment_id)["live_authorizations"] == 1

    def test_for_other_parameters_of_which_the_books_know_nothing_stay_open(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, _ = authorized(stripe_gateway)
        other = replace(call, payment_id=PaymentId(uuid.uuid4()))

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
        assert untimed(answer) == Done(reference=intent["id"], brand="visa", last4="4242")
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

        assert untimed(found) == Done(reference=reference, brand="visa", last4="4242")

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
