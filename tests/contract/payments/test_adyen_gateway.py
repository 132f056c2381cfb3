"""How the Adyen adapter asks, waits for news, and finds the truth when things go wrong."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from apps.kernel.clock import FrozenClock
from apps.kernel.money import Money
from apps.payments.adapters.adyen.gateway import KEY_LIFETIME, AdyenGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    Outcome,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.running import wait_until
from tests.contract.payments.simulated_adyen import (
    APPROVED,
    KEY,
    MERCHANT,
    REFUSED,
    SimulatedAdyen,
)

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND


class Shop:
    """The adapter with its provider, taken through a payment step by step."""

    def __init__(self, gateway: AdyenGateway, simulator: SimulatedAdyen) -> None:
        self.gateway = gateway
        self.simulator = simulator

    def authorized(self, token: str = APPROVED) -> tuple[GatewayCall, str]:
        """Authorise a payment; returns its call and the reference of the authorisation."""
        call = make_call(token=token)
        done = self.gateway.perform(call)
        assert isinstance(done, Done)
        return call, done.reference

    def captured(self, token: str = APPROVED) -> tuple[GatewayCall, str, str]:
        """Authorise and capture; returns the first call and both references."""
        call, authorization = self.authorized(token)
        captured = self.settle(make_call(CAPTURE, of=call, authorization=authorization))
        assert isinstance(captured, Done)
        return call, authorization, captured.reference

    def settle(self, call: GatewayCall) -> Outcome:
        """Make a call and wait for the news of its end."""
        return self.simulator.settle(self.gateway, call)

    def look_up(self, call: GatewayCall, reference: str = "") -> Outcome | None:
        """Look a call up with all that was told so far."""
        informed = self.simulator.informed(self.gateway, call)
        return self.gateway.look_up(replace(informed, reference=reference))

    def asked(self, token: str = "stored_card_challenge") -> tuple[GatewayCall, str]:
        """Begin a payment that its customer has to approve; returns the bank's page."""
        call = make_call(token=token)
        answer = self.gateway.perform(call)
        assert isinstance(answer, ActionRequired)
        assert answer.reference == str(call.payment_id)
        return replace(call, authorization=answer.reference, reference=answer.reference), (
            answer.redirect_url
        )

    def returned(self, call: GatewayCall, query: dict[str, str]) -> GatewayCall:
        """Give a call to which its customer has brought something back."""
        return replace(call, told=(*call.told, self.gateway.read_return(query)))


@pytest.fixture
def shop(adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen) -> Shop:
    return Shop(adyen_gateway, adyen_simulator)


def code_of(outcome: Outcome | None) -> str:
    assert isinstance(outcome, Declined), outcome
    return outcome.code


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

    def test_is_an_apple_pay_token_where_that_is_the_way_to_pay(self, shop: Shop) -> None:
        call = make_call(token="apple_pay_authorised", method_type="apple_pay")

        done = shop.gateway.perform(call)

        assert isinstance(done, Done)
        assert (done.brand, done.last4) == ("visa", "4242")
        (request,) = shop.simulator.requests_to("POST", "/v72/payments")
        assert json.loads(request.body)["paymentMethod"] == {
            "type": "applepay",
            "applePayToken": "apple_pay_authorised",
        }

    def test_travels_over_a_kept_connection(self, shop: Shop) -> None:
        for _ in range(3):
            shop.authorized()

        requests = shop.simulator.requests_to("POST", "/v72/payments")
        assert {request.headers["connection"] for request in requests} == {"keep-alive"}

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

    def test_are_the_same_by_answer_and_by_news(self, shop: Shop) -> None:
        call = make_call(token="stored_card_not_enough_balance")
        answer = shop.gateway.perform(call)
        shop.simulator.receiver.wait_for("AUTHORISATION")

        assert shop.look_up(call) == answer

    def test_of_a_card_that_covers_a_part_hold_nothing(self, shop: Shop) -> None:
        call = make_call(token="stored_card_covers_half")

        assert code_of(shop.gateway.perform(call)) == "partially_authorised"

        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0
        assert code_of(shop.gateway.perform(call)) == "partially_authorised"

    def test_for_a_part_are_no_answer_before_that_is_given_back(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send = shop.gateway._transport.post
        call = make_call(token="stored_card_covers_half")

        def post(path: str, document: dict[str, object], *, key: str) -> object:
            if path.endswith("/cancels"):
                raise GatewayUnavailable("adyen_unreachable")
            return send(path, document, key=key)

        with monkeypatch.context() as patched:
            patched.setattr(shop.gateway._transport, "post", post)
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


class TestApprovalByTheCustomer:
    def test_that_is_still_to_come_is_waited_for(self, shop: Shop) -> None:
        call, page = shop.asked()

        assert shop.look_up(call, call.reference) is None
        assert shop.gateway.perform(call) == ActionRequired(
            reference=str(call.payment_id), redirect_url=page
        )

    def test_reserves_the_money_once_the_customer_is_back(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "approve")
        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0

        found = shop.gateway.look_up(shop.returned(call, query))

        assert isinstance(found, Done)
        assert (found.brand, found.last4) == ("visa", "3184")
        assert shop.gateway.look_up(shop.returned(call, query)) == found
        shop.simulator.receiver.wait_for("AUTHORISATION")
        assert shop.look_up(call, call.reference) == found

    def test_that_is_refused_declines_the_payment(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "fail")

        found = shop.gateway.look_up(shop.returned(call, query))

        assert code_of(found) == "authentication_failed"
        shop.simulator.receiver.wait_for("AUTHORISATION")
        assert shop.look_up(call, call.reference) == found

    def test_after_which_the_bank_says_no_declines_the_payment(self, shop: Shop) -> None:
        call, page = shop.asked("stored_card_challenge_not_enough_balance")
        query = shop.simulator.decide(page, "approve")

        assert code_of(shop.gateway.look_up(shop.returned(call, query))) == "insufficient_funds"

    def test_of_another_payment_is_worth_nothing(self, shop: Shop) -> None:
        victim, _ = shop.asked()
        other, page = shop.asked()
        query = shop.simulator.decide(page, "approve")

        assert shop.gateway.look_up(shop.returned(victim, query)) is None
        assert isinstance(shop.gateway.look_up(shop.returned(other, query)), Done)

    def test_that_somebody_made_up_is_worth_nothing(self, shop: Shop) -> None:
        call, page = shop.asked()
        made_up = shop.returned(call, {"redirectResult": "made-up"})

        assert shop.gateway.look_up(made_up) is None

        query = shop.simulator.decide(page, "approve")
        assert isinstance(shop.gateway.look_up(shop.returned(made_up, query)), Done)

    @pytest.mark.parametrize(
        "query",
        [{}, {"redirectResult": ""}, {"redirectResult": "a\0b"}, {"redirectResult": "x" * 10_001}],
    )
    def test_leaves_out_what_is_no_result(self, shop: Shop, query: dict[str, str]) -> None:
        assert shop.gateway.read_return(query) == {}

    def test_is_not_waited_for_once_the_payment_is_called_off(self, shop: Shop) -> None:
        call, page = shop.asked()
        void = make_call(VOID, of=call, authorization=call.authorization)

        voided = shop.settle(void)

        assert isinstance(voided, Done)
        assert code_of(shop.look_up(call, call.reference)) == "canceled"
        with pytest.raises(OSError, match="409"):
            shop.simulator.decide(page, "approve")

    def test_that_was_given_and_not_handed_in_can_be_called_off(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "approve")

        shop.settle(make_call(VOID, of=call, authorization=call.authorization))

        assert code_of(shop.gateway.look_up(shop.returned(call, query))) == "canceled"
        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0


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
        assert shop.simulator.told(shop.gateway, call.payment_id)[-1].is_setback

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

    def test_of_an_authorisation_that_ran_out_voids_it(self, shop: Shop) -> None:
        call, authorization = shop.authorized()

        shop.simulator.ask(f"/_expire?psp_reference={authorization}", "POST")
        shop.simulator.receiver.wait_for("EXPIRE")

        void = make_call(VOID, of=call, authorization=authorization)
        assert isinstance(shop.look_up(void), Done)
        assert shop.simulator.told(shop.gateway, call.payment_id)[-1].is_setback


class TestLostAnswers:
    def test_of_an_authorisation_never_authorise_twice(self, shop: Shop) -> None:
        call = make_call(token=APPROVED)
        with shop.simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            shop.gateway.perform(call)

        first = shop.gateway.perform(call)

        assert isinstance(first, Done)
        shop.simulator.receiver.wait_for("AUTHORISATION")
        assert shop.look_up(call) == first
        assert len(shop.simulator.payment(call.payment_id)["attempts"]) == 1

    @pytest.mark.parametrize("kind", [CAPTURE, VOID])
    def test_of_a_change_are_found_in_the_news(self, shop: Shop, kind: OperationKind) -> None:
        call, authorization = shop.authorized()
        change = make_call(kind, of=call, authorization=authorization)
        with shop.simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            shop.gateway.perform(change)

        event = "CAPTURE" if kind is CAPTURE else "CANCELLATION"
        shop.simulator.receiver.wait_for(event)

        assert isinstance(shop.look_up(change), Done)

    def test_that_come_too_late_leave_the_outcome_open(self, shop: Shop) -> None:
        hasty = AdyenGateway(
            api_key="k",
            api_base=shop.simulator.api_base,
            merchant_account=MERCHANT,
            hmac_key=KEY,
            read_seconds=0.1,
        )
        with shop.simulator.faults(latency_ms=500), pytest.raises(OutcomeUnknown):
            hasty.perform(make_call(token=APPROVED))

    def test_are_none_after_the_time_of_a_call_is_over(self, shop: Shop) -> None:
        with shop.gateway._transport.within(-1), pytest.raises(GatewayUnavailable):
            shop.gateway._transport.post("/payments", {}, key="k")
        assert shop.simulator.exchanges == []


class TestRefusedRequests:
    @pytest.mark.parametrize("status", [401, 403, 429])
    def test_that_were_turned_away_did_nothing(self, shop: Shop, status: int) -> None:
        call = make_call(token=APPROVED)
        with shop.simulator.faults(refuse=status), pytest.raises(GatewayUnavailable):
            shop.gateway.perform(call)
        assert not shop.simulator.has_payment(call.payment_id)

    def test_for_a_wrong_key_are_complained_about(self, shop: Shop) -> None:
        with (
            shop.simulator.faults(refuse=401),
            structlog.testing.capture_logs() as lines,
            pytest.raises(GatewayUnavailable),
        ):
            shop.gateway.perform(make_call(token=APPROVED))
        assert [line["event"] for line in lines] == ["adyen_key_refused"]

    @pytest.mark.parametrize(
        "fault", [{"down": True}, {"error_rate": 1}, {"error_after_work_rate": 1}]
    )
    def test_by_a_breakdown_may_have_done_it(self, shop: Shop, fault: dict[str, object]) -> None:
        call = make_call(token=APPROVED)
        with shop.simulator.faults(**fault), pytest.raises(OutcomeUnknown):
            shop.gateway.perform(call)

        assert isinstance(shop.gateway.perform(call), Done)
        assert len(shop.simulator.payment(call.payment_id)["attempts"]) == 1

    def test_while_the_first_is_under_way_leave_it_open(self, shop: Shop) -> None:
        call = make_call(token=APPROVED)
        with shop.simulator.faults(latency_ms=500), ThreadPoolExecutor(1) as pool:
            first = pool.submit(shop.gateway.perform, call)
            wait_until(lambda: bool(shop.simulator.ask("/_calls")["total"]))
            with pytest.raises(OutcomeUnknown):
                shop.gateway.perform(call)
            assert isinstance(first.result(), Done)

    def test_for_other_parameters_under_the_same_key_leave_it_open(self, shop: Shop) -> None:
        call, _ = shop.authorized()
        moved = replace(call, return_url="http://elsewhere.example/return")

        with pytest.raises(OutcomeUnknown):
            shop.gateway.perform(moved)

        shop.simulator.receiver.wait_for("AUTHORISATION")
        assert isinstance(shop.look_up(moved), Done)

    def test_that_are_wrong_are_a_fault_of_ours(self, shop: Shop) -> None:
        call = make_call(CAPTURE, of=make_call(token=APPROVED), authorization="NOSUCHPAYMENT000")

        with pytest.raises(GatewayMisused, match="167, HTTP 422"):
            shop.gateway.perform(call)

    def test_without_the_authorisation_are_not_made(self, shop: Shop) -> None:
        with pytest.raises(GatewayMisused):
            shop.gateway.perform(make_call(REFUND, of=make_call(token=APPROVED)))
        assert shop.simulator.exchanges == []

    def test_for_an_amount_that_adyen_cannot_express_are_not_made(self, shop: Shop) -> None:
        with pytest.raises(GatewayMisused, match="too many decimals"):
            shop.gateway.perform(make_call(token=APPROVED, amount=Money(12345, "IDR")))
        assert shop.simulator.exchanges == []


class TestOldCalls:
    def old(self, shop: Shop) -> AdyenGateway:
        return AdyenGateway(
            api_key="k",
            api_base=shop.simulator.api_base,
            merchant_account=MERCHANT,
            hmac_key=KEY,
            clock=FrozenClock(datetime.now(UTC) + KEY_LIFETIME + timedelta(minutes=1)),
        )

    def test_are_not_made_again_with_a_key_that_may_be_forgotten(self, shop: Shop) -> None:
        with pytest.raises(OutcomeUnknown):
            self.old(shop).look_up(make_call(token=APPROVED))

    def test_are_still_found_in_the_news(self, shop: Shop) -> None:
        call, _ = shop.authorized()
        shop.simulator.receiver.wait_for("AUTHORISATION")
        informed = shop.simulator.informed(shop.gateway, call)

        assert isinstance(self.old(shop).look_up(informed), Done)


class TestUnexpectedStates:
    def test_voiding_what_was_captured_is_declined(self, shop: Shop) -> None:
        call, authorization, _ = shop.captured()

        answer = shop.settle(make_call(VOID, of=call, authorization=authorization))

        assert code_of(answer) == ALREADY_CAPTURED

    def test_voiding_what_somebody_captured_at_adyen_is_declined(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        amount = {"currency": "EUR", "value": 12990}
        shop.simulator.by_hand(f"/payments/{authorization}/captures", {"amount": amount}, "h1")

        answer = shop.settle(make_call(VOID, of=call, authorization=authorization))

        assert code_of(answer) == ALREADY_CAPTURED
        capture = make_call(CAPTURE, of=call, authorization=authorization)
        assert isinstance(shop.look_up(capture), Done)

    def test_voiding_what_was_voided_already_is_done(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        first = shop.settle(make_call(VOID, of=call, authorization=authorization))

        assert shop.settle(make_call(VOID, of=call, authorization=authorization, nth=2)) == first

    def test_capturing_what_has_expired_is_declined(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        shop.simulator.ask(f"/_expire?psp_reference={authorization}", "POST")

        answer = shop.settle(make_call(CAPTURE, of=call, authorization=authorization))

        assert code_of(answer) in ("canceled", "capture_refused")

    def test_capturing_a_part_takes_that_part(self, shop: Shop) -> None:
        call, authorization = shop.authorized()
        part = make_call(CAPTURE, of=call, authorization=authorization, amount=Money(600, "EUR"))

        assert isinstance(shop.settle(part), Done)
        assert shop.simulator.payment(call.payment_id)["captured"] == 600

    def test_refunding_in_parts_ends_when_nothing_is_left(self, shop: Shop) -> None:
        call, authorization, _ = shop.captured()

        def refund(minor: int, nth: int) -> Outcome:
            amount = Money(minor, "EUR")
            wanted = make_call(REFUND, of=call, authorization=authorization, amount=amount, nth=nth)
            return shop.settle(wanted)

        assert isinstance(refund(10000, 1), Done)
        assert isinstance(refund(2990, 2), Done)
        assert code_of(refund(1, 3)) == "refund_refused"
        assert shop.simulator.payment(call.payment_id)["refunded"] == 12990

    def test_refunding_what_somebody_refunded_at_adyen_counts_as_done(self, shop: Shop) -> None:
        call, authorization, _ = shop.captured()
        made = shop.simulator.by_hand(f"/payments/{authorization}/reversals", {}, "h2")
        shop.simulator.receiver.wait_for("CANCEL_OR_REFUND")

        answer = shop.settle(make_call(REFUND, of=call, authorization=authorization))

        assert answer == Done(reference=made["pspReference"])


class TestManyThreads:
    def test_share_one_gateway(self, shop: Shop) -> None:
        calls = [make_call(token=APPROVED) for _ in range(20)]
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(shop.gateway.perform, calls))
        assert len({one.reference for one in answers if isinstance(one, Done)}) == 20
