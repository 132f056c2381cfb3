"""The simulated Adyen as its official SDK sees it, a client that knows nothing of us."""

import threading
import uuid
from pathlib import Path
from typing import Any

import Adyen
import pytest
from Adyen.util import is_valid_hmac_notification

from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.running import Letter, wait_until
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    SimulatedAdyen,
    event_of,
    item_of,
)
from tests.contract.provider_contracts import skip_without_contracts

EUROS = {"currency": "EUR", "value": 1000}


@pytest.fixture
def client(adyen_simulator: SimulatedAdyen) -> Any:
    """The SDK as its documentation has it, but for the address."""
    made = Adyen.Adyen(xapikey="key_of_a_foreigner", platform="test")
    made.checkout.payments_api.baseUrl = adyen_simulator.api_base
    made.checkout.modifications_api.baseUrl = adyen_simulator.api_base
    return made.checkout


def pay(client: Any, token: str = "stored_card_authorised", key: str = "", **more: Any) -> Any:
    """Authorise ten euros."""
    wanted = {
        "merchantAccount": MERCHANT,
        "reference": "order-7",
        "amount": EUROS,
        "returnUrl": "http://shop.example/return?order=7",
        "shopperReference": "shopper-1",
        "paymentMethod": {"type": "scheme", "storedPaymentMethodId": token},
        "additionalData": {"manualCapture": "true"},
    }
    made_up = key or uuid.uuid4().hex
    return client.payments_api.payments({**wanted, **more}, idempotency_key=made_up)


def change(client: Any, what: str, psp: str, **more: Any) -> Any:
    """Ask for a capture, cancel, refund or reversal."""
    method = {
        "capture": client.modifications_api.capture_authorised_payment,
        "cancel": client.modifications_api.cancel_authorised_payment_by_psp_reference,
        "refund": client.modifications_api.refund_captured_payment,
        "reversal": client.modifications_api.refund_or_cancel_payment,
    }[what]
    amount = {} if what in ("cancel", "reversal") else {"amount": EUROS}
    wanted = {"merchantAccount": MERCHANT, **amount, **more}
    return method(wanted, psp, idempotency_key=uuid.uuid4().hex).message


def news(simulator: SimulatedAdyen, event: str, count: int = 1) -> dict[str, Any]:
    """Wait for news of a kind, and give the newest."""
    return item_of(simulator.receiver.wait_for(event, count=count)[-1])


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
        with adyen_simulator.faults(latency_ms=500):
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


class TestWebhooks:
    def everything(self, client: Any, simulator: SimulatedAdyen) -> list[Letter]:
        """Have all kinds of news told."""
        captured = pay(client, "stored_card_refund_fails_later").message["pspReference"]
        change(client, "capture", captured)
        change(client, "refund", captured)
        failing = pay(client, "stored_card_capture_fails_later").message["pspReference"]
        change(client, "capture", failing)
        reversed_later = pay(client, "stored_card_refund_reversed_later").message["pspReference"]
        change(client, "capture", reversed_later)
        change(client, "refund", reversed_later)
        change(client, "cancel", pay(client).message["pspReference"])
        change(client, "reversal", pay(client).message["pspReference"])
        pay(client, "stored_card_refused")
        expired = pay(client).message["pspReference"]
        simulator.ask(f"/_expire?psp_reference={expired}", "POST")
        client.modifications_api.cancel_authorised_payment(
            {"merchantAccount": MERCHANT, "paymentReference": "nobody's"}, idempotency_key="t"
        )
        for event in ("REFUND_FAILED", "CAPTURE_FAILED", "REFUNDED_REVERSED"):
            simulator.receiver.wait_for(event)
        simulator.receiver.wait_for("TECHNICAL_CANCEL")
        return list(simulator.receiver.letters)

    def test_are_signed_so_that_the_sdk_takes_them(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        letters = self.everything(client, adyen_simulator)

        assert len({event_of(letter) for letter in letters}) == 10
        for letter in letters:
            assert is_valid_hmac_notification(letter.event, KEY) is True
            assert letter.headers["authorization"].startswith("Basic ")

    def test_are_documents_as_adyen_describes_them(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        skip_without_contracts()
        for letter in self.everything(client, adyen_simulator):
            assert letter_violations(letter.event) == []

    def test_come_again_until_they_are_taken(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        answers = iter([500, 404])
        adyen_simulator.receiver.answers = lambda letter: next(answers, 200)
        pay(client)

        letters = adyen_simulator.receiver.wait_for("AUTHORISATION", count=3)

        assert len({letter.body for letter in letters}) == 1

    def test_come_more_than_once_and_out_of_order_on_demand(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        with adyen_simulator.faults(webhook_duplicates=2, webhook_reorder_ms=800, seed=3):
            names = [pay(client).message["pspReference"] for _ in range(5)]
            letters = adyen_simulator.receiver.wait_for("AUTHORISATION", count=15)

        arrived = [str(item_of(letter)["pspReference"]) for letter in letters]
        assert {arrived.count(name) for name in names} == {3}
        assert arrived != sorted(arrived, key=names.index)


class TestFaults:
    def test_that_are_unknown_are_refused(self, adyen_simulator: SimulatedAdyen) -> None:
        with pytest.raises(OSError, match="400"):
            adyen_simulator.ask("/_faults", "POST", {"no_such_fault": 1})

    def test_cut_connections(self, adyen_simulator: SimulatedAdyen) -> None:
        with adyen_simulator.faults(refuse="reset"), pytest.raises(ConnectionResetError):
            adyen_simulator.by_hand("/cancels", {"paymentReference": "order-7"}, "k5")


class TestTheBooks:
    def test_survive_a_restart_with_keys_and_news(self, tmp_path: Path) -> None:
        first = SimulatedAdyen(journal=tmp_path / "adyen.jsonl")
        first.start()
        first.receiver.answers = lambda letter: 500
        document = {
            "reference": "order-9",
            "amount": EUROS,
            "returnUrl": "http://shop.example/return",
            "shopperReference": "shopper-1",
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "stored_card_authorised"},
            "additionalData": {"manualCapture": "true"},
        }
        paid = first.by_hand("/payments", document, "k1")
        first.receiver.wait_for("AUTHORISATION")
        first.stop()

        second = SimulatedAdyen(journal=tmp_path / "adyen.jsonl")
        second.start()
        second.receiver.wait_for("AUTHORISATION")

        assert second.by_hand("/payments", document, "k1") == paid
        assert second.payment("order-9")["live_authorizations"] == 1
        second.stop()
