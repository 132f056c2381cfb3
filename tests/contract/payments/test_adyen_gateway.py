"""What the Adyen adapter asks, and what it makes of answers and news."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
import structlog

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    Accepted,
    Declined,
    Done,
    GatewayUnavailable,
    OutcomeUnknown,
)
from tests.apple_pay import sealed_apple_pay
from tests.contract.payments.adyen_shop import Shop, code_of
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_adyen import (
    APPROVED,
    MERCHANT,
    REFUSED,
    SimulatedAdyen,
)

CAPTURE, VOID, REFUND = OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND


@pytest.fixture
def shop(adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen) -> Shop:
    return Shop(adyen_gateway, adyen_simulator)


class TestWhatIsSent:
    def test_is_a_payment_with_a_stored_card_under_our_key(self, shop: Shop) -> None:
        call, _ = shop.authorized()

        (request,) = shop.simulator.requests_to("POST", "/v72/payments")

        assert request.headers["idempotency-key"] == call.idempotency_key
        assert request.headers["x-api-key"] == "key_of_the_contract_tests"
        assert json.loads(request.body) == {
            "merchantAccount": MERCHANT,
            "reference": str(call.payment_id),
            "merchantOrderReference": str(call.order_id),
            "amount": {"currency": "EUR", "value": 12990},
            "returnUrl": call.return_url,
            "channel": "Web",
            "additionalData": {"manualCapture": "true"},
            "shopperReference": str(call.customer_id),
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": APPROVED},
            "shopperInteraction": "ContAuth",
            "recurringProcessingModel": "CardOnFile",
        }

    @pytest.mark.parametrize("token", ["apple_pay_authorised", sealed_apple_pay()])
    def test_is_an_apple_pay_token_where_that_is_the_way_to_pay(
        self, shop: Shop, token: str
    ) -> None:
        call = make_call(token=token, method_type="apple_pay")

        done = shop.gateway.perform(call)

        assert isinstance(done, Done)
        assert (done.brand, done.last4) == ("visa", "4242")
        (request,) = shop.simulator.requests_to("POST", "/v72/payments")
        assert json.loads(request.body)["paymentMethod"] == {
            "type": "applepay",
            "applePayToken": token,
        }

    def test_leaves_no_token_in_the_log(self, shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
            shop.authorized()
            shop.gateway.perform(make_call(token=REFUSED))
            shop.gateway.perform(make_call(token="stored_card_nobody_knows"))

        assert "stored_card" not in caplog.text + str(lines)
        assert "key_of_the_contract_tests" not in caplog.text + str(lines)

    def test_for_a_change_names_payment_and_call(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        capture = make_call(CAPTURE, of=call, authorization=authorization)

        shop.gateway.perform(capture)

        path = f"/v72/payments/{authorization}/captures"
        (request,) = shop.simulator.requests_to("POST", path)
        assert request.headers["idempotency-key"] == capture.idempotency_key
        assert json.loads(request.body) == {
            "merchantAccount": MERCHANT,
            "reference": f"{call.payment_id}-{capture.operation_id}",
            "amount": {"currency": "EUR", "value": 12990},
        }


class TestDeclines:
    @pytest.mark.parametrize(
        ("token", "code"),
        [
            ("stored_card_acquirer_error", "processing_error"),
            ("stored_card_blocked", "restricted_card"),
            ("stored_card_expired", "expired_card"),
            ("stored_card_issuer_unavailable", "issuer_not_available"),
            ("stored_card_fraud", "fraudulent"),
            ("stored_card_cvc_declined", "incorrect_cvc"),
            ("stored_card_nobody_knows", "unknown_token"),
        ],
    )
    def test_have_a_code_that_all_gateways_share(self, shop: Shop, token: str, code: str) -> None:
        assert code_of(shop.gateway.perform(make_call(token=token))) == code

    @pytest.mark.parametrize(
        ("token", "provider_code"),
        [
            (REFUSED, "2 Refused"),
            ("stored_card_acquirer_error", "4 Acquirer Error"),
            ("stored_card_fraud", "20 FRAUD"),
            ("stored_card_covers_half", "PartiallyAuthorised"),
            ("stored_card_nobody_knows", "800"),
        ],
    )
    def test_keep_what_adyen_itself_said(self, shop: Shop, token: str, provider_code: str) -> None:
        answer = shop.gateway.perform(make_call(token=token))

        assert isinstance(answer, Declined)
        assert answer.provider_code == provider_code

    def test_are_the_same_by_answer_and_by_news(self, shop: Shop) -> None:
        call = make_call(token="stored_card_not_enough_balance")
        answer = shop.gateway.perform(call)
        shop.simulator.receiver.wait_for("AUTHORISATION")

        # A webhook has the text of the reason and not its number.
        assert isinstance(answer, Declined)
        assert answer.provider_code == "12 Not enough balance"
        assert shop.look_up(call) == replace(answer, provider_code="Not enough balance")

    def test_of_a_card_that_covers_a_part_hold_nothing(self, shop: Shop) -> None:
        call = make_call(token="stored_card_covers_half")

        assert code_of(shop.gateway.perform(call)) == "partially_authorised"

        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0
        assert code_of(shop.gateway.perform(call)) == "partially_authorised"

    def test_for_a_part_are_no_answer_before_that_is_given_back(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send = shop.gateway._transport.request
        call = make_call(token="stored_card_covers_half")

        def request(method: str, url: str, **more: Any) -> object:
            if url.endswith("/cancels"):
                raise GatewayUnavailable("adyen_unreachable")
            return send(method, url, **more)

        with monkeypatch.context() as patched:
            patched.setattr(shop.gateway._transport, "request", request)
            with pytest.raises(OutcomeUnknown):
                shop.gateway.perform(call)

        assert code_of(shop.look_up(call) or shop.gateway.perform(call)) == "partially_authorised"
        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0


class TestASlowAuthorisation:
    def test_is_waited_for_until_it_is_told(self, shop: Shop) -> None:
        call = make_call(token="stored_card_pending")

        taken = shop.gateway.perform(call)

        assert isinstance(taken, Accepted)
        shop.simulator.receiver.wait_for("AUTHORISATION")
        found = shop.look_up(call, taken.reference)
        assert found == Done(reference=taken.reference, brand="visa", last4="2020")


class TestNews:
    def test_is_waited_for(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        capture = make_call(CAPTURE, of=call, authorization=authorization)

        with shop.simulator.faults(webhook_delay_ms=600):
            taken = shop.gateway.perform(capture)
            assert isinstance(taken, Accepted)
            assert shop.look_up(capture, taken.reference) == taken
            assert shop.settle(capture) == Done(reference=taken.reference)

    def test_that_came_before_the_answer_is_not_waited_for_again(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        capture = make_call(CAPTURE, of=call, authorization=authorization)
        with shop.simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            shop.gateway.perform(capture)
        shop.simulator.receiver.wait_for("CAPTURE")
        informed = shop.simulator.informed(shop.gateway, capture)

        assert isinstance(shop.gateway.perform(informed), Done)

    def test_of_a_capture_that_was_refused(self, shop: Shop) -> None:
        call, authorization = shop.authorized("stored_card_capture_refused")

        answer = shop.settle(make_call(CAPTURE, of=call, authorization=authorization))

        assert code_of(answer) == "capture_refused"

    def test_of_a_capture_that_failed_later(self, shop: Shop) -> None:
        call, authorization = shop.authorized("stored_card_capture_fails_later")
        capture = make_call(CAPTURE, of=call, authorization=authorization)
        done = shop.settle(capture)
        assert isinstance(done, Done)

        shop.simulator.receiver.wait_for("CAPTURE_FAILED")

        assert code_of(shop.look_up(capture, done.reference)) == "capture_failed"
        assert shop.simulator.told(shop.gateway, call.payment_id)[-1].setback_of == CAPTURE

    def test_of_a_refund_that_was_refused(self, shop: Shop) -> None:
        call, authorization, _ = shop.captured("stored_card_refund_refused")

        answer = shop.settle(make_call(REFUND, of=call, authorization=authorization))

        assert code_of(answer) == "refund_refused"

    @pytest.mark.parametrize(
        ("token", "event"),
        [
            ("stored_card_refund_fails_later", "REFUND_FAILED"),
            ("stored_card_refund_reversed_later", "REFUNDED_REVERSED"),
        ],
    )
    def test_of_a_refund_that_came_back(self, shop: Shop, token: str, event: str) -> None:
        call, authorization, _ = shop.captured(token)
        refund = make_call(REFUND, of=call, authorization=authorization)
        done = shop.settle(refund)
        assert isinstance(done, Done)

        shop.simulator.receiver.wait_for(event)

        assert code_of(shop.look_up(refund, done.reference)) == "refund_failed"
        assert shop.simulator.told(shop.gateway, call.payment_id)[-1].setback_of == REFUND

    def test_of_an_authorisation_that_ran_out_voids_it(self, shop: Shop) -> None:
        call, authorization = shop.authorized()

        shop.simulator.ask(f"/_expire?psp_reference={authorization}", "POST")
        shop.simulator.receiver.wait_for("EXPIRE")

        void = make_call(VOID, of=call, authorization=authorization)
        assert isinstance(shop.look_up(void), Done)
        assert (
            shop.simulator.told(shop.gateway, call.payment_id)[-1].setback_of
            == OperationKind.AUTHORIZE
        )
