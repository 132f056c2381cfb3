"""Stripe: payments that are not in the state that a call needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.ports import (
    Declined,
    Done,
    GatewayMisused,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.payments.stripe_steps import CAPTURE, REFUND, VOID, authorized, captured


class TestAnAuthorisation:
    @pytest.mark.parametrize(("token", "days"), [("pm_card_visa", 7), ("pm_card_shortHold", 2)])
    def test_tells_until_when_it_is_held(
        self, stripe_gateway: StripeGateway, token: str, days: int
    ) -> None:
        call = make_call(token=token)
        done = stripe_gateway.perform(call)
        assert isinstance(done, Done)
        assert done.held_until is not None
        left = done.held_until - datetime.now(UTC)
        assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)
        found = stripe_gateway.look_up(replace(call, authorization=done.reference))
        assert found == done


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
        assert answer.code == "authorization_expired"

    def test_voiding_what_has_expired_says_so(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        call, reference = authorized(stripe_gateway)
        stripe_simulator.ask(f"/_expire?payment_intent={reference}", "POST")
        void = make_call(VOID, of=call, authorization=reference)

        expired = Done(reference=reference, has_expired=True)
        assert stripe_gateway.look_up(void) == stripe_gateway.perform(void) == expired

    def test_capturing_another_amount_than_was_captured_tells_what_was(
        self, stripe_gateway: StripeGateway
    ) -> None:
        call, reference = captured(stripe_gateway)
        less = make_call(CAPTURE, of=call, authorization=reference, amount=Money(500, "EUR"), nth=2)
        found = stripe_gateway.perform(less)
        assert isinstance(found, Done)
        assert found.charged == Money(12990, "EUR")

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
