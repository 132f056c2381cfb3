"""What PayPal's webhooks tell: which payment they are about, and whether something did not last."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Done, ProviderMessage
from tests.contract.payments.conftest import make_call
from tests.contract.payments.paypal_calls import asked, captured
from tests.contract.payments.simulated_paypal import SimulatedPayPal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class TestWhatAMessageTells:
    def read(
        self, gateway: PayPalGateway, simulator: SimulatedPayPal, event_type: str
    ) -> ProviderMessage:
        (letter, *_) = simulator.receiver.wait_for(event_type)
        (message,) = gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        return message

    def test_leads_to_the_payment_and_names_what_it_is_about(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, capture, charge = captured(paypal_gateway)
        refund = make_call(
            OperationKind.REFUND, of=call, authorization=capture.authorization, charge=charge
        )
        done = paypal_gateway.perform(refund)
        assert isinstance(done, Done)
        order = paypal_simulator.payment(call.payment_id)["orders"][0]["id"]

        held = self.read(paypal_gateway, paypal_simulator, "PAYMENT.AUTHORIZATION.CREATED")
        taken = self.read(paypal_gateway, paypal_simulator, "PAYMENT.CAPTURE.COMPLETED")
        back = self.read(paypal_gateway, paypal_simulator, "PAYMENT.CAPTURE.REFUNDED")

        assert {held.payment_id, taken.payment_id, back.payment_id} == {call.payment_id}
        assert held.reference == taken.reference == capture.authorization
        assert held.facts == {
            "event": "PAYMENT.AUTHORIZATION.CREATED",
            "status": "CREATED",
            "order": order,
            "authorization": capture.authorization,
        }
        assert (taken.facts["capture"], back.facts["refund"]) == (charge, done.reference)
        assert {held.is_setback, taken.is_setback, back.is_setback} == {False}

    def test_of_an_approval_is_the_order(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order)

        message = self.read(paypal_gateway, paypal_simulator, "CHECKOUT.ORDER.APPROVED")

        assert (message.reference, message.payment_id) == (order, call.payment_id)
        assert message.facts["order"] == order

    def test_of_a_reversal_tells_what_the_bank_took(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway)
        paypal_simulator.let("reverse", capture=charge)

        message = self.read(paypal_gateway, paypal_simulator, "PAYMENT.CAPTURE.REVERSED")

        assert (message.payment_id, message.is_setback) == (call.payment_id, False)
        told = message.dispute
        assert told is not None
        assert (told.reference, told.state, told.is_reversal) == (charge, "opened", True)
        assert (told.amount_minor, told.currency) == (12990, "EUR")
        assert told.happened_at is not None
        assert datetime.now(UTC) - timedelta(minutes=1) < told.happened_at <= datetime.now(UTC)

    def test_of_a_dispute_is_kept_without_its_parties(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway)
        paypal_simulator.let("dispute", capture=charge)

        message = self.read(paypal_gateway, paypal_simulator, "CUSTOMER.DISPUTE.CREATED")

        assert (message.payment_id, message.is_setback) == (call.payment_id, False)
        assert message.facts == {
            "event": "CUSTOMER.DISPUTE.CREATED",
            "status": "OPEN",
            "dispute": f"PP-D-{charge[:8]}",
            "capture": charge,
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "amount": "129.90",
            "currency": "EUR",
        }

    @pytest.mark.parametrize(
        ("event_type", "setback_of"),
        [
            ("PAYMENT.AUTHORIZATION.VOIDED", "authorize"),
            ("PAYMENT.CAPTURE.REVERSED", None),
            ("PAYMENT.REFUND.FAILED", "refund"),
            ("PAYMENT.CAPTURE.DECLINED", None),
            ("PAYMENT.CAPTURE.REFUNDED", None),
            ("PAYMENT.REFUND.PENDING", None),
            ("CUSTOMER.DISPUTE.RESOLVED", None),
            ("SOMETHING.NEW", None),
        ],
    )
    def test_says_whether_something_did_not_last(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        event_type: str,
        setback_of: str | None,
    ) -> None:
        body = json.dumps({"id": "WH-1", "event_type": event_type, "resource": {}}).encode()

        (message,) = paypal_gateway.read_messages(
            body, paypal_simulator.headers_for(body, NOW), NOW
        )

        assert (message.kind, message.setback_of) == (event_type, setback_of)
        assert (message.reference, message.payment_id) == ("", None)

    def test_is_somebody_else_s_where_it_names_no_payment_of_ours(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        about = {"id": "A1", "custom_id": f"cart {uuid.uuid4()}"}
        event = {"id": "WH-1", "event_type": "PAYMENT.AUTHORIZATION.CREATED", "resource": about}
        body = json.dumps(event).encode()

        (message,) = paypal_gateway.read_messages(
            body, paypal_simulator.headers_for(body, NOW), NOW
        )

        assert (message.payment_id, message.reference) == (None, "A1")
