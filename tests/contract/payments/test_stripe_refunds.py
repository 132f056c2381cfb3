"""Refunds at Stripe that take their time: pending first, and made or failed later."""

from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.ports import Accepted, Declined, Done, GatewayCall, Outcome
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.payments.stripe_steps import CAPTURE, REFUND, authorized


def refunded(gateway: StripeGateway, token: str) -> tuple[GatewayCall, Outcome]:
    """Give back a payment made with a card."""
    call, reference = authorized(gateway, make_call(token=token))
    assert isinstance(gateway.perform(make_call(CAPTURE, of=call, authorization=reference)), Done)
    refund = make_call(REFUND, of=call, authorization=reference)
    return refund, gateway.perform(refund)


class TestAPendingRefund:
    def test_is_taken_and_done_once_stripe_says_so(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        refund, taken = refunded(stripe_gateway, "pm_card_pendingRefund")
        assert isinstance(taken, Accepted)

        stripe_simulator.receiver.wait_for("refund.updated")

        assert stripe_gateway.look_up(refund) == Done(reference=taken.reference)

    def test_is_declined_once_it_has_failed(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        refund, taken = refunded(stripe_gateway, "pm_card_pendingRefundFail")
        assert isinstance(taken, Accepted)

        stripe_simulator.receiver.wait_for("refund.failed")

        answer = stripe_gateway.look_up(refund)
        assert isinstance(answer, Declined)
        assert (answer.code, answer.reference) == ("lost_or_stolen_card", taken.reference)

    def test_is_told_of_as_a_refund_by_each_message(
        self, stripe_gateway: StripeGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        _, taken = refunded(stripe_gateway, "pm_card_pendingRefund")
        assert isinstance(taken, Accepted)

        for kind in ("charge.refund.updated", "refund.updated"):
            (letter,) = stripe_simulator.receiver.wait_for(kind)
            about = letter.event["data"]["object"]
            assert (about["object"], about["id"], about["status"]) == (
                "refund",
                taken.reference,
                "succeeded",
            )
