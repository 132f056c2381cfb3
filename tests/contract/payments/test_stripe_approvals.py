"""Stripe: payments that the customer has to approve."""

from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.ports import (
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
)
from tests.contract.payments.conftest import make_call, untimed
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.payments.stripe_steps import VOID


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

        assert untimed(stripe_gateway.look_up(call)) == Done(
            reference=reference, brand="visa", last4="3184"
        )

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
