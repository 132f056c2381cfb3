"""Refunds at PayPal: in parts, by hand, late, and failed."""

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Accepted, Declined, Done, GatewayCall, GatewayMisused
from tests.contract.payments.conftest import make_call
from tests.contract.payments.paypal_calls import captured, waiting
from tests.contract.payments.simulated_paypal import SimulatedPayPal

REFUND = OperationKind.REFUND


class TestARefund:
    def refund(self, call: GatewayCall, charge: str, minor: int = 12990) -> GatewayCall:
        amount = Money(minor, "EUR")
        return make_call(REFUND, of=call, authorization="A1", charge=charge, amount=amount)

    def test_may_be_one_of_several(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, capture, charge = captured(paypal_gateway)

        for nth, minor in enumerate((1000, 11990)):
            part = self.refund(call, charge, minor)
            part = waiting(part, "A1", reference="", idempotency_key=f"refund-{nth}")
            assert isinstance(paypal_gateway.perform(part), Done)

        assert paypal_simulator.payment(call.payment_id)["refunded"] == 12990
        assert paypal_gateway.look_up(capture) == Done(reference=charge)

    def test_that_failed_later_is_found(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway, "refund-fails")
        refund = self.refund(call, charge)
        done = paypal_gateway.perform(refund)
        assert isinstance(done, Done)

        paypal_simulator.receiver.wait_for("PAYMENT.REFUND.FAILED")

        answer = paypal_gateway.look_up(waiting(refund, "A1", reference=done.reference))
        assert isinstance(answer, Declined)
        assert (answer.code, answer.detail) == (
            "REFUND_FAILED",
            "The money could not be sent back.",
        )

    def test_may_take_its_time(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway, "refund-pending")
        refund = self.refund(call, charge)
        taken = paypal_gateway.perform(refund)
        assert isinstance(taken, Accepted)

        paypal_simulator.let("settle", refund=taken.reference, status="COMPLETED")

        assert paypal_gateway.look_up(refund) == Done(reference=taken.reference)

    def test_that_the_balance_does_not_allow_is_declined(
        self, paypal_gateway: PayPalGateway
    ) -> None:
        call, _, charge = captured(paypal_gateway, "refund-refused")

        answer = paypal_gateway.perform(self.refund(call, charge))

        assert isinstance(answer, Declined)
        assert answer.code == "REFUND_FAILED_INSUFFICIENT_FUNDS"

    def test_that_somebody_made_by_hand_is_found_once_nothing_is_left(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway)
        by_hand = paypal_simulator.by_hand(f"/v2/payments/captures/{charge}/refund", {})
        refund = self.refund(call, charge)

        assert paypal_gateway.look_up(refund) is None
        assert paypal_gateway.perform(refund) == Done(reference=by_hand["id"])

    def test_of_more_than_is_left_is_a_fault_of_ours(self, paypal_gateway: PayPalGateway) -> None:
        call, _, charge = captured(paypal_gateway)

        with pytest.raises(GatewayMisused, match="REFUND_AMOUNT_EXCEEDED"):
            paypal_gateway.perform(self.refund(call, charge, 12991))

    def test_without_a_charge_is_a_fault_of_ours(self, paypal_gateway: PayPalGateway) -> None:
        with pytest.raises(GatewayMisused, match="needs the charge"):
            paypal_gateway.perform(make_call(REFUND, authorization="A1"))
