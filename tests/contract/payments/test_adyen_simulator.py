"""The simulated Adyen as its official SDK sees it."""

import threading
from typing import Any

import Adyen
import pytest

from tests.contract.payments.adyen_sdk import EUROS, change, news, pay, sdk_for
from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_adyen import (
    MERCHANT,
    SimulatedAdyen,
    item_of,
)
from tests.waiting import wait_until


@pytest.fixture
def client(adyen_simulator: SimulatedAdyen) -> Any:
    return sdk_for(adyen_simulator)


class TestPayments:
    def test_are_authorised_captured_and_refunded(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        paid = pay(client).message
        assert (paid["resultCode"], paid["amount"]) == ("Authorised", EUROS)
        psp = paid["pspReference"]

        taken = change(client, "capture", psp, amount={"currency": "EUR", "value": 600})
        assert (taken["status"], taken["paymentPspReference"]) == ("received", psp)
        captured = news(adyen_simulator, "CAPTURE")
        assert (captured["pspReference"], captured["originalReference"], captured["success"]) == (
            taken["pspReference"],
            psp,
            "true",
        )

        change(client, "refund", psp, amount={"currency": "EUR", "value": 600})
        assert news(adyen_simulator, "REFUND")["success"] == "true"
        change(client, "refund", psp, amount={"currency": "EUR", "value": 1})
        assert news(adyen_simulator, "REFUND", 2)["success"] == "false"
        (line,) = adyen_simulator.ask("/_books")["payments"]
        assert (line["captured"], line["refunded"]) == (600, 600)

    def test_without_manual_capture_take_the_money_at_once(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        pay(client, additionalData={})
        assert adyen_simulator.payment("order-7")["captured"] == 1000

    def test_are_cancelled_while_no_money_was_taken(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        psp = pay(client).message["pspReference"]
        change(client, "cancel", psp)
        assert news(adyen_simulator, "CANCELLATION")["success"] == "true"
        change(client, "capture", psp)
        assert news(adyen_simulator, "CAPTURE")["success"] == "false"

    def test_are_reversed_by_what_fits(self, client: Any, adyen_simulator: SimulatedAdyen) -> None:
        first, second = (pay(client).message["pspReference"] for _ in range(2))
        change(client, "capture", second)
        change(client, "reversal", first)
        cancelled = news(adyen_simulator, "CANCEL_OR_REFUND")
        change(client, "reversal", second)
        refunded = news(adyen_simulator, "CANCEL_OR_REFUND", 2)

        assert cancelled["additionalData"]["modification.action"] == "cancel"
        assert refunded["additionalData"]["modification.action"] == "refund"
        assert adyen_simulator.payment("order-7")["refunded"] == 1000

    def test_are_cancelled_by_their_reference(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        pay(client, "stored_card_challenge")
        for reference in ("order-7", "order-8"):
            client.modifications_api.cancel_authorised_payment(
                {"merchantAccount": MERCHANT, "paymentReference": reference},
                idempotency_key=reference,
            )
        letters = adyen_simulator.receiver.wait_for("TECHNICAL_CANCEL", count=2)
        ended = {item_of(one)["merchantReference"]: item_of(one)["success"] for one in letters}
        assert ended == {"order-7": "true", "order-8": "false"}

    def test_that_are_refused_say_why(self, client: Any) -> None:
        paid = pay(client, "stored_card_not_enough_balance").message
        assert (paid["resultCode"], paid["refusalReasonCode"]) == ("Refused", "12")

    def test_by_apple_pay_need_no_shopper(self, client: Any) -> None:
        method = {"type": "applepay", "applePayToken": "apple_pay_authorised"}
        paid = pay(client, paymentMethod=method, shopperReference="any").message
        assert paid["resultCode"] == "Authorised"


class TestApprovalByTheHolder:
    def test_leads_over_a_page_back_to_the_shop(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        asked = pay(client, "stored_card_challenge").message
        assert asked["resultCode"] == "RedirectShopper"
        page = asked["action"]["url"]
        with adyen_simulator.open(page.removeprefix(adyen_simulator.base)) as shown:
            assert b"10.00 EUR" in shown.read()

        brought = adyen_simulator.decide(page, "approve")
        assert brought["order"] == "7"
        details = {"details": {"redirectResult": brought["redirectResult"]}}
        paid = client.payments_api.payments_details(details, idempotency_key="d1").message
        again = client.payments_api.payments_details(details, idempotency_key="d2").message

        assert paid["resultCode"] == "Authorised"
        assert again == paid
        assert news(adyen_simulator, "AUTHORISATION")["pspReference"] == paid["pspReference"]

    def test_is_decided_once(self, client: Any, adyen_simulator: SimulatedAdyen) -> None:
        page = pay(client, "stored_card_challenge").message["action"]["url"]
        adyen_simulator.decide(page, "fail")
        with pytest.raises(OSError, match="409"):
            adyen_simulator.decide(page, "approve")

    @pytest.mark.parametrize(("path", "status"), [("/3ds/nobody", 404), ("/3ds/" + "0" * 16, 404)])
    def test_of_nothing_is_not_found(
        self, adyen_simulator: SimulatedAdyen, path: str, status: int
    ) -> None:
        with pytest.raises(OSError, match=str(status)):
            adyen_simulator.ask(path)


class TestRefusedRequests:
    def refusal(self, call: Any) -> Any:
        with pytest.raises(Adyen.AdyenError) as refused:
            call()
        return refused.value

    def test_of_an_unknown_token(self, client: Any) -> None:
        refused = self.refusal(lambda: pay(client, "stored_card_nobody_knows"))
        assert (refused.status_code, refused.error_code) == (422, "800")

    def test_of_an_unknown_payment(self, client: Any) -> None:
        refused = self.refusal(lambda: change(client, "capture", "0000000000000000"))
        assert (refused.status_code, refused.error_code) == (422, "167")

    def test_without_what_is_required(self, client: Any, adyen_simulator: SimulatedAdyen) -> None:
        refused = self.refusal(lambda: pay(client, returnUrl=""))
        assert (refused.status_code, refused.error_code) == (422, "14_006")
        refused = self.refusal(lambda: pay(client, key="k" * 65))
        assert (refused.status_code, refused.error_code) == (422, "14_006")
        adyen_simulator.forgive_requests()

    def test_without_a_key(self, adyen_simulator: SimulatedAdyen) -> None:
        with pytest.raises(OSError, match="401"):
            adyen_simulator.ask("/v72/payments", "POST", {})
        adyen_simulator.forgive_requests()


class TestIdempotencyKeys:
    def test_give_the_first_answer_again(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        first = pay(client, key="k1")
        change(client, "cancel", first.message["pspReference"])

        again = pay(client, key="k1")

        assert again.message == first.message
        assert len(adyen_simulator.payment("order-7")["attempts"]) == 1

    def test_refuse_other_parameters(self, client: Any) -> None:
        pay(client, key="k2")
        with pytest.raises(Adyen.AdyenError) as refused:
            pay(client, key="k2", reference="order-8")
        assert (refused.value.status_code, refused.value.error_code) == (422, "704")

    def test_refuse_a_second_request_while_the_first_is_under_way(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        with adyen_simulator.faults(latency_ms=HELD_MS):
            first = threading.Thread(target=pay, args=(client,), kwargs={"key": "k3"})
            first.start()
            wait_until(lambda: bool(adyen_simulator.ask("/_calls")["total"]))
            with pytest.raises(Adyen.AdyenError) as refused:
                pay(client, key="k3")
        first.join()
        assert refused.value.error_code == "704"
        exchange = next(
            one for one in adyen_simulator.exchanges if one.response and one.response.status == 422
        )
        assert exchange.response is not None
        assert exchange.response.headers["transient-error"] == "true"
        assert exchange.response.headers["Idempotency-Key"] == "k3"
        assert pay(client, key="k3").message["resultCode"] == "Authorised"

    def test_store_nothing_of_a_breakdown_before_the_work(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        with adyen_simulator.faults(error_rate=1), pytest.raises(Adyen.AdyenError):
            pay(client, key="k4")
        assert not adyen_simulator.has_payment("order-7")
        assert pay(client, key="k4").message["resultCode"] == "Authorised"
