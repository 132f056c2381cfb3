"""What the PayPal adapter makes of lost answers, breakdowns and refused keys."""

import threading

import pytest
import structlog

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ActionRequired,
    Done,
    GatewayUnavailable,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call, make_paypal_gateway
from tests.contract.payments.paypal_calls import asked, authorized, captured
from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.waiting import wait_until

CAPTURE, VOID, REFUND = OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND
TOKEN = "/v1/oauth2/token"


class TestALostAnswer:
    def test_to_an_order_never_makes_two(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call = make_call(token="wallet")
        with paypal_simulator.faults(lose_answers_rate=1):
            for _ in range(3):
                with pytest.raises(OutcomeUnknown, match="paypal_no_answer"):
                    paypal_gateway.perform(call)

        assert paypal_gateway.look_up(call) is None
        assert isinstance(paypal_gateway.perform(call), ActionRequired)
        assert len(paypal_simulator.payment(call.payment_id)["orders"]) == 1

    def test_to_the_second_step_is_found_in_the_order(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, order = asked(paypal_gateway)
        paypal_simulator.approve(order)
        with (
            paypal_simulator.faults(error_after_work_rate=1),
            pytest.raises(OutcomeUnknown, match="paypal_http_500"),
        ):
            paypal_gateway.look_up(call)

        assert isinstance(paypal_gateway.look_up(call), Done)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 1

    @pytest.mark.parametrize("kind", [CAPTURE, VOID, REFUND])
    def test_to_another_call_is_found_in_the_books(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        kind: OperationKind,
    ) -> None:
        charge = ""
        if kind is REFUND:
            call, capture, charge = captured(paypal_gateway)
            reference = capture.authorization
        else:
            call, reference = authorized(paypal_gateway)
        following = make_call(kind, of=call, authorization=reference, charge=charge)
        assert paypal_gateway.look_up(following) is None
        with paypal_simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            paypal_gateway.perform(following)

        found = paypal_gateway.look_up(following)

        assert isinstance(found, Done)
        assert paypal_gateway.perform(following) == found

    def test_that_comes_too_late_leaves_the_outcome_open(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)
        call = make_call(token="vault-ok")
        with paypal_simulator.faults(latency_ms=HELD_MS):
            with pytest.raises(OutcomeUnknown, match="paypal_no_answer"):
                paypal_gateway.perform(call)
            # The first request is still under way: its key is in use, and it will succeed.
            with pytest.raises(OutcomeUnknown, match="paypal_http_409"):
                paypal_gateway.perform(call)
        wait_until(lambda: paypal_simulator.has_payment(call.payment_id))

        assert isinstance(paypal_gateway.perform(call), Done)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 1

    def test_while_looking_up_says_that_the_provider_is_away(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, reference = authorized(paypal_gateway)
        with (
            paypal_simulator.faults(down=True),
            pytest.raises(GatewayUnavailable, match="paypal_http_503"),
        ):
            paypal_gateway.look_up(make_call(CAPTURE, of=call, authorization=reference))

    def test_after_a_refusal_leaves_the_outcome_open(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, capture, _ = captured(paypal_gateway)
        void = make_call(VOID, of=call, authorization=capture.authorization)
        # With this seed the refusal gets through, and reading the books does not.
        with (
            paypal_simulator.faults(error_rate=0.5, seed=10),
            pytest.raises(OutcomeUnknown, match="paypal_books_unavailable"),
        ):
            paypal_gateway.perform(void)


class TestABreakdown:
    def test_that_limits_the_rate_did_nothing(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)
        call = make_call(token="vault-ok")
        with paypal_simulator.faults(refuse=429), pytest.raises(GatewayUnavailable):
            paypal_gateway.perform(call)

        assert not paypal_simulator.has_payment(call.payment_id)
        assert isinstance(paypal_gateway.perform(call), Done)

    @pytest.mark.parametrize("refuse", [500, 503, "reset"])
    def test_may_have_done_it(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        refuse: int | str,
    ) -> None:
        authorized(paypal_gateway)
        with paypal_simulator.faults(refuse=refuse), pytest.raises(OutcomeUnknown):
            paypal_gateway.perform(make_call(token="vault-ok"))

    @pytest.mark.parametrize("refuse", [500, 503, "reset"])
    def test_before_there_is_a_token_did_nothing(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        refuse: int | str,
    ) -> None:
        with paypal_simulator.faults(refuse=refuse), pytest.raises(GatewayUnavailable):
            paypal_gateway.perform(make_call(token="vault-ok"))


class TestAToken:
    def test_that_is_not_taken_any_more_is_replaced_once(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)
        paypal_simulator.ask("/_tokens", "DELETE")

        authorized(paypal_gateway)

        assert len(paypal_simulator.requests_to("POST", TOKEN)) == 2

    def test_that_is_never_taken_is_an_outage(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)
        call = make_call(token="vault-ok")
        with (
            paypal_simulator.faults(refuse=401),
            structlog.testing.capture_logs() as lines,
            pytest.raises(GatewayUnavailable, match="paypal_key_refused"),
        ):
            paypal_gateway.perform(call)

        assert [line["log_level"] for line in lines] == ["error"]
        assert isinstance(paypal_gateway.perform(call), Done)

    def test_for_a_wrong_secret_is_not_given_and_complained_about(
        self, paypal_simulator: SimulatedPayPal
    ) -> None:
        gateway = make_paypal_gateway(paypal_simulator, client_secret="nonsense")
        with structlog.testing.capture_logs() as lines:
            with pytest.raises(GatewayUnavailable, match="paypal_key_refused"):
                gateway.perform(make_call(token="vault-ok"))
            with pytest.raises(GatewayUnavailable, match="paypal_key_refused"):
                gateway.look_up(make_call(CAPTURE, authorization="A1"))

        assert [line["log_level"] for line in lines] == ["error", "error"]
        assert "nonsense" not in str(lines)

    def test_is_fetched_by_one_thread_when_many_are_refused(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        authorized(paypal_gateway)
        paypal_simulator.ask("/_tokens", "DELETE")
        done: list[Done] = []

        def pay() -> None:
            answer = paypal_gateway.perform(make_call(token="vault-ok"))
            assert isinstance(answer, Done)
            done.append(answer)

        threads = [threading.Thread(target=pay) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(done) == 8
        assert len(paypal_simulator.requests_to("POST", TOKEN)) == 2
