"""What the PayPal adapter sends, and how captures and voids end."""

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
    Declined,
    Done,
    GatewayMisused,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.paypal_calls import asked, authorized, captured, waiting
from tests.contract.payments.simulated_paypal import SimulatedPayPal

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND
ORDERS = "/v2/checkout/orders"


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
                        "cancel_url": f"{call.return_url}?paid=no",
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


class TestAnAuthorisation:
    def test_tells_until_when_it_is_held(self, paypal_gateway: PayPalGateway) -> None:
        done = paypal_gateway.perform(make_call(token="vault-ok"))
        assert isinstance(done, Done)
        assert done.held_until is not None
        left = done.held_until - datetime.now(UTC)
        assert timedelta(days=29, minutes=-1) < left <= timedelta(days=29)


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

        for answer in (paypal_gateway.perform(capture), paypal_gateway.look_up(capture)):
            assert isinstance(answer, Declined)
            assert answer.code == "AUTHORIZATION_EXPIRED"
            assert answer.detail.endswith("authorisation ran out. Please order again.")

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
        found = Done(reference=by_hand["id"], charged=Money(12990, "EUR"))
        assert paypal_gateway.perform(other) == found

    def test_that_the_bank_took_back_was_made_all_the_same(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        _, capture, charge = captured(paypal_gateway)
        doubted = waiting(capture, capture.authorization, reference=charge)

        paypal_simulator.let("reverse", capture=charge)

        assert paypal_gateway.look_up(doubted) == Done(reference=charge)


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

        assert done == Done(reference=reference, has_expired=True)

    def test_that_was_asked_for_is_no_end_by_time(self, paypal_gateway: PayPalGateway) -> None:
        call, reference = authorized(paypal_gateway)
        void = make_call(VOID, of=call, authorization=reference)

        assert paypal_gateway.perform(void) == Done(reference=reference)
        assert paypal_gateway.look_up(void) == Done(reference=reference)


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
