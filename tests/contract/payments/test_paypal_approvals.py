"""How an authorisation at PayPal goes on, step by step, wherever it stopped."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayMisused,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call, untimed
from tests.contract.payments.paypal_calls import asked, authorized, waiting
from tests.contract.payments.simulated_paypal import SimulatedPayPal

ORDERS = "/v2/checkout/orders"
VOID = OperationKind.VOID


class TestApprovalByThePayer:
    def test_that_is_still_to_come_is_waited_for(self, paypal_gateway: PayPalGateway) -> None:
        call, order = asked(paypal_gateway)

        answer = paypal_gateway.look_up(call)

        assert isinstance(answer, ActionRequired)
        assert answer.reference == order
        assert answer.redirect_url.endswith(f"/paypal/checkoutnow?token={order}")

    def test_is_followed_by_the_authorisation(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order)

        answer = paypal_gateway.look_up(call)

        held = paypal_simulator.payment(call.payment_id)["orders"][0]["authorization"]
        assert untimed(answer) == Done(reference=held, brand="paypal")
        assert paypal_gateway.look_up(call) == answer
        (request,) = paypal_simulator.requests_to("POST", f"{ORDERS}/{order}/authorize")
        assert request.headers["paypal-request-id"] == f"{call.idempotency_key}:authorize"

    def test_is_found_by_the_key_alone(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order)
        forgetful = waiting(call, "")

        assert paypal_gateway.look_up(forgetful) is None
        assert isinstance(paypal_gateway.perform(forgetful), Done)
        assert len(paypal_simulator.payment(call.payment_id)["orders"]) == 1

    def test_with_a_declined_card_sends_the_payer_back(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order, wallet="declined")

        again = paypal_gateway.look_up(call)

        assert isinstance(again, ActionRequired)
        assert again.reference == order
        paypal_simulator.approve(order)
        assert isinstance(paypal_gateway.look_up(call), Done)

    def test_that_paypal_does_not_accept_declines_the_payment(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order, wallet="refused")

        answer = paypal_gateway.look_up(call)

        assert isinstance(answer, Declined)
        assert answer.code == "TRANSACTION_REFUSED"
        assert answer.detail == "PayPal declined the payment. Please try another way to pay."

    @pytest.mark.parametrize(("status", "kind"), [("CREATED", Done), ("DENIED", Declined)])
    def test_that_is_under_review_is_waited_for(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        status: str,
        kind: type,
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order, wallet="pending")
        assert paypal_gateway.look_up(call) == Accepted(reference=order)
        held = paypal_simulator.payment(call.payment_id)["orders"][0]["authorization"]

        paypal_simulator.let("settle", authorization=held, status=status)

        answer = paypal_gateway.look_up(call)
        assert isinstance(answer, kind)
        assert isinstance(answer, Done | Declined)
        assert answer.reference == held

    def test_can_be_wanted_for_a_saved_wallet_too(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway, "vault-asks-payer")
        paypal_simulator.approve(order)

        assert isinstance(paypal_gateway.look_up(call), Done)

    def test_that_never_came_is_over_when_paypal_has_forgotten_the_order(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.let("expire", order=order)
        old = waiting(call, order, created_at=datetime.now(UTC) - timedelta(hours=4))

        answer = paypal_gateway.look_up(old)

        assert isinstance(answer, Declined)
        assert answer.code == "ORDER_EXPIRED"
        with pytest.raises(GatewayMisused, match="INVALID_RESOURCE_ID"):
            paypal_gateway.look_up(call)

    def test_is_not_acted_upon_once_the_payment_is_called_off(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        void = make_call(VOID, of=call, authorization=order)
        assert paypal_gateway.perform(void) == Done(reference=order)

        paypal_simulator.approve(order)

        assert paypal_gateway.look_up(void) == Done(reference=order)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 0

    def test_that_was_acted_upon_unnoticed_is_called_off_all_the_same(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order)
        assert isinstance(paypal_gateway.look_up(call), Done)
        void = make_call(VOID, of=call, authorization=order)

        assert paypal_gateway.look_up(void) is None
        assert isinstance(paypal_gateway.perform(void), Done)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 0


class TestAKeyThatPayPalHasForgotten:
    def test_leaves_a_saved_wallet_s_payment_open(self, paypal_gateway: PayPalGateway) -> None:
        old = datetime.now(UTC) - timedelta(hours=6)

        with pytest.raises(OutcomeUnknown, match="paypal_key_forgotten"):
            paypal_gateway.look_up(make_call(token="vault-ok", created_at=old))
        assert paypal_gateway.look_up(make_call(token="wallet", created_at=old)) is None

    def test_does_no_harm_where_a_message_named_the_order(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        order = paypal_simulator.payment(call.payment_id)["orders"][0]["id"]
        old = datetime.now(UTC) - timedelta(hours=6)

        found = paypal_gateway.look_up(
            waiting(call, "", created_at=old, told=({"event": "x", "order": order},))
        )

        assert untimed(found) == Done(reference=reference, brand="paypal")
