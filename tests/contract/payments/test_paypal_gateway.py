"""How the PayPal adapter goes through the steps of a payment, and what it sends."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_paypal import SimulatedPayPal

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND
ORDERS = "/v2/checkout/orders"


def authorized(gateway: PayPalGateway, wallet: str = "ok") -> tuple[GatewayCall, str]:
    """Authorise a payment with a saved wallet; returns its call and the authorisation."""
    call = make_call(token=f"vault-{wallet}")
    done = gateway.perform(call)
    assert isinstance(done, Done)
    return call, done.reference


def captured(gateway: PayPalGateway, wallet: str = "ok") -> tuple[GatewayCall, GatewayCall, str]:
    """Authorise and capture a payment; returns both calls and the capture."""
    call, reference = authorized(gateway, wallet)
    capture = make_call(CAPTURE, of=call, authorization=reference)
    done = gateway.perform(capture)
    assert isinstance(done, Done)
    return call, capture, done.reference


def asked(gateway: PayPalGateway, token: str = "wallet") -> tuple[GatewayCall, str]:
    """Begin a payment that its payer has to approve; returns the call as it waits, and the order."""
    call = make_call(token=token)
    answer = gateway.perform(call)
    assert isinstance(answer, ActionRequired)
    return waiting(call, answer.reference), answer.reference


def waiting(call: GatewayCall, order: str, **more: Any) -> GatewayCall:
    """Give a call as it is claimed again later, with what is known of it by then."""
    return GatewayCall(
        **{
            **{name: getattr(call, name) for name in GatewayCall.__slots__},
            "authorization": order,
            "reference": order,
            **more,
        }
    )


def sent(simulator: SimulatedPayPal, path: str) -> dict[str, Any]:
    """Give the body of the one request that was posted to a path."""
    (request,) = simulator.requests_to("POST", path)
    return dict(json.loads(request.body))


class TestWhatIsSent:
    def test_is_an_order_that_names_the_payment_and_carries_our_key(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _ = asked(paypal_gateway)

        (request,) = paypal_simulator.requests_to("POST", ORDERS)

        assert request.headers["paypal-request-id"] == call.idempotency_key
        assert request.headers["prefer"] == "return=representation"
        assert json.loads(request.body) == {
            "intent": "AUTHORIZE",
            "purchase_units": [
                {
                    "reference_id": str(call.order_id),
                    "custom_id": str(call.payment_id),
                    "invoice_id": str(call.payment_id),
                    "amount": {"currency_code": "EUR", "value": "129.90"},
                }
            ],
            "payment_source": {
                "paypal": {
                    "experience_context": {
                        "return_url": call.return_url,
                        "cancel_url": call.return_url,
                        "user_action": "PAY_NOW",
                        "shipping_preference": "NO_SHIPPING",
                    }
                }
            },
        }

    def test_names_a_saved_wallet_as_paypal_does(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)

        wallet = sent(paypal_simulator, ORDERS)["payment_source"]["paypal"]

        assert wallet["vault_id"] == "ok"

    def test_is_a_capture_that_releases_the_rest(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        part = make_call(CAPTURE, of=call, authorization=reference, amount=Money(5000, "EUR"))

        assert isinstance(paypal_gateway.perform(part), Done)

        path = f"/v2/payments/authorizations/{reference}/capture"
        assert sent(paypal_simulator, path)["final_capture"] is True
        held = paypal_simulator.payment(call.payment_id)
        assert (held["captured"], held["live_authorizations"]) == (5000, 0)

    def test_is_a_refund_under_an_invoice_of_its_own(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, _, charge = captured(paypal_gateway)
        refund = make_call(REFUND, of=call, authorization="A1", charge=charge)

        paypal_gateway.perform(refund)

        body = sent(paypal_simulator, f"/v2/payments/captures/{charge}/refund")
        assert (body["invoice_id"], body["custom_id"]) == (
            str(refund.operation_id),
            str(call.payment_id),
        )

    def test_leaves_no_secret_in_the_log(
        self, paypal_gateway: PayPalGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            authorized(paypal_gateway)
            paypal_gateway.perform(make_call(token="vault-declined"))

        for secret in ("contract-client", "Bearer", "A21AA", "vault-"):
            assert secret not in caplog.text


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
        assert answer == Done(reference=held, brand="paypal")
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


class TestACapture:
    def test_may_take_its_time(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway, "capture-pending")
        capture = make_call(CAPTURE, of=call, authorization=reference)

        taken = paypal_gateway.perform(capture)

        assert isinstance(taken, Accepted)
        known = waiting(capture, reference, reference=taken.reference)
        assert paypal_gateway.look_up(known) == taken
        assert paypal_gateway.look_up(capture) == taken
        paypal_simulator.let("settle", capture=taken.reference, status="COMPLETED")
        assert paypal_gateway.look_up(known) == Done(reference=taken.reference)

    def test_that_took_its_time_may_fail(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway, "capture-pending")
        capture = make_call(CAPTURE, of=call, authorization=reference)
        taken = paypal_gateway.perform(capture)
        assert isinstance(taken, Accepted)

        paypal_simulator.let("settle", capture=taken.reference, status="DECLINED")

        answer = paypal_gateway.look_up(waiting(capture, reference, reference=taken.reference))
        assert isinstance(answer, Declined)
        assert answer.code == "CAPTURE_DECLINED"

    @pytest.mark.parametrize(
        ("wallet", "code"),
        [("capture-declined", "CAPTURE_DECLINED"), ("capture-refused", "PAYER_CANNOT_PAY")],
    )
    def test_can_be_declined_with_either_status(
        self, paypal_gateway: PayPalGateway, wallet: str, code: str
    ) -> None:
        call, reference = authorized(paypal_gateway, wallet)

        answer = paypal_gateway.perform(make_call(CAPTURE, of=call, authorization=reference))

        assert isinstance(answer, Declined)
        assert answer.code == code

    def test_of_what_has_expired_is_declined(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        paypal_simulator.let("expire", authorization=reference)
        capture = make_call(CAPTURE, of=call, authorization=reference)

        assert isinstance(paypal_gateway.perform(capture), Declined)
        assert isinstance(paypal_gateway.look_up(capture), Declined)

    def test_that_somebody_made_by_hand_is_found(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        by_hand = paypal_simulator.by_hand(
            f"/v2/payments/authorizations/{reference}/capture", {"final_capture": True}
        )
        capture = make_call(CAPTURE, of=call, authorization=reference)

        assert paypal_gateway.perform(capture) == Done(reference=by_hand["id"])
        other = make_call(CAPTURE, of=call, authorization=reference, amount=Money(1, "EUR"))
        with pytest.raises(GatewayMisused, match=r"Not 0\.01"):
            paypal_gateway.perform(other)

    def test_that_the_bank_took_back_did_not_last(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        _, capture, charge = captured(paypal_gateway)
        told = ({"event": "PAYMENT.CAPTURE.REVERSED"},)
        doubted = waiting(capture, capture.authorization, reference=charge, told=told)
        assert paypal_gateway.look_up(doubted) == Done(reference=charge)

        paypal_simulator.let("reverse", capture=charge)

        answer = paypal_gateway.look_up(doubted)
        assert isinstance(answer, Declined)
        assert answer.code == "CAPTURE_REVERSED"


class TestAVoid:
    def test_of_what_was_captured_says_so(self, paypal_gateway: PayPalGateway) -> None:
        call, capture, _ = captured(paypal_gateway)
        void = make_call(VOID, of=call, authorization=capture.authorization)

        for answer in (paypal_gateway.perform(void), paypal_gateway.look_up(void)):
            assert isinstance(answer, Declined)
            assert answer.code == ALREADY_CAPTURED

    def test_of_what_nobody_knows_is_a_fault_of_ours(self, paypal_gateway: PayPalGateway) -> None:
        void = make_call(VOID, authorization="NOTHING")

        with pytest.raises(GatewayMisused, match="INVALID_RESOURCE_ID"):
            paypal_gateway.perform(void)
        with pytest.raises(GatewayMisused, match="INVALID_RESOURCE_ID"):
            paypal_gateway.look_up(void)

    def test_that_was_made_before_is_done(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        paypal_simulator.let("expire", authorization=reference)

        done = paypal_gateway.perform(make_call(VOID, of=call, authorization=reference))

        assert done == Done(reference=reference)


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

        paypal_simulator.wait_for("PAYMENT.REFUND.FAILED")

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


class TestManyThreads:
    def test_share_one_token(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: paypal_gateway.perform(make_call(token="vault-ok")), range(24))
            )

        assert all(isinstance(answer, Done) for answer in answers)
        assert len({answer.reference for answer in answers if isinstance(answer, Done)}) == 24
        assert len(paypal_simulator.requests_to("POST", "/v1/oauth2/token")) == 1


class TestAnAmountThatPayPalDoesNotTake:
    @pytest.mark.parametrize("amount", [Money(1234, "KWD"), Money(1250, "HUF")])
    def test_is_not_even_sent(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal, amount: Money
    ) -> None:
        with pytest.raises(GatewayMisused, match="PayPal"):
            paypal_gateway.perform(make_call(token="vault-ok", amount=amount))

        assert paypal_simulator.exchanges == []

    def test_is_refused_for_a_currency_that_is_not_offered(
        self, paypal_gateway: PayPalGateway
    ) -> None:
        with pytest.raises(GatewayMisused, match="INVALID_CURRENCY_CODE"):
            paypal_gateway.perform(make_call(token="vault-ok", amount=Money(1000, "RON")))


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

        assert found == Done(reference=reference, brand="paypal")
