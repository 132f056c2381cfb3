"""How the Adyen adapter finds the truth when things go wrong."""

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
    Done,
    GatewayMisused,
    GatewayUnavailable,
    Outcome,
    OutcomeUnknown,
)
from tests.contract.payments.adyen_shop import Shop, code_of
from tests.contract.payments.conftest import make_call
from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_adyen import (
    APPROVED,
    KEY,
    MERCHANT,
    SimulatedAdyen,
)
from tests.waiting import wait_until

CAPTURE, VOID, REFUND = OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND


@pytest.fixture
def shop(adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen) -> Shop:
    return Shop(adyen_gateway, adyen_simulator)


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
        with shop.simulator.faults(latency_ms=HELD_MS), pytest.raises(OutcomeUnknown):
            hasty.perform(make_call(token=APPROVED))

    def test_are_none_after_the_time_of_a_call_is_over(self, shop: Shop) -> None:
        url = f"{shop.simulator.api_base}/payments"
        with shop.gateway._transport.within(-1), pytest.raises(GatewayUnavailable):
            shop.gateway._transport.request("POST", url, json={}, xapikey="k", headers={})
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
        with ThreadPoolExecutor(1) as pool:
            with shop.simulator.faults(latency_ms=HELD_MS):
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

        assert code_of(answer) in ("authorization_expired", "capture_refused")

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
