"""What the simulated Adyen tells of its own accord, what can be made to go wrong, what it remembers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from Adyen.util import is_valid_hmac_notification

from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.adyen_sdk import EUROS, change, pay, sdk_for
from tests.contract.payments.running import HELD_MS, Letter
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    SimulatedAdyen,
    event_of,
    item_of,
)
from tests.contract.provider_contracts import skip_without_contracts
from tests.waiting import wait_until

KINDS = {
    "AUTHORISATION",
    "CANCELLATION",
    "CANCEL_OR_REFUND",
    "CAPTURE",
    "CAPTURE_FAILED",
    "EXPIRE",
    "REFUND",
    "REFUNDED_REVERSED",
    "REFUND_FAILED",
    "TECHNICAL_CANCEL",
}


@pytest.fixture
def client(adyen_simulator: SimulatedAdyen) -> Any:
    return sdk_for(adyen_simulator)


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
        # They are sent side by side: the last one to happen need not be the last one to arrive.
        for event in KINDS:
            simulator.receiver.wait_for(event)
        return list(simulator.receiver.letters)

    def test_are_signed_so_that_the_sdk_takes_them(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        letters = self.everything(client, adyen_simulator)

        # It announces its reports by itself, in between or not.
        assert {event_of(letter) for letter in letters} - {"REPORT_AVAILABLE"} == KINDS
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
        with adyen_simulator.faults(webhook_duplicates=2, webhook_reorder_ms=2500, seed=3):
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

    def test_leave_no_call_under_way_when_all_begins_anew(
        self, adyen_simulator: SimulatedAdyen
    ) -> None:
        adyen_simulator.ask("/_faults", "POST", {"latency_ms": HELD_MS})
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(adyen_simulator.by_hand, "/cancels", {"paymentReference": "x"}, "k6")
            wait_until(lambda: bool(adyen_simulator.ask("/_calls")["total"]))
            adyen_simulator.begin_anew()
            assert adyen_simulator.ask("/_calls")["most_at_once"] == 0
            assert held.result()["status"] == "received"
        assert adyen_simulator.exchanges == []


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
