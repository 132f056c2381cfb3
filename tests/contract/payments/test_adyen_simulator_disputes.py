"""Chargebacks at the simulated Adyen: opened by a bank, decided, told by webhook, in its books and reports."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from infra.simulators.adyen.books import Books
from infra.simulators.adyen.objects import Dispute, Payment
from infra.simulators.adyen.reports import Reports
from infra.simulators.http_server import Request
from infra.simulators.settlements import Falsifier
from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.adyen_sdk import EUROS, change, news, pay, sdk_for
from tests.contract.payments.simulated_adyen import MERCHANT, SimulatedAdyen, event_of
from tests.contract.provider_contracts import skip_without_contracts

OPENED = ("NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK")
LOST = ("CHARGEBACK_REVERSED", "SECOND_CHARGEBACK")


@pytest.fixture
def client(adyen_simulator: SimulatedAdyen) -> Any:
    return sdk_for(adyen_simulator)


@pytest.fixture
def charge(client: Any) -> str:
    """A payment of which six of ten euros were captured, by its name."""
    psp = str(pay(client).message["pspReference"])
    change(client, "capture", psp, amount={"currency": "EUR", "value": 600})
    return psp


def dispute(simulator: SimulatedAdyen, about: str) -> str:
    """Have a dispute opened or decided; gives its name."""
    return str(simulator.ask(f"/_dispute?{about}", "POST")["dispute"])


def standing(simulator: SimulatedAdyen) -> tuple[int, int, dict[str, str]]:
    """Give what the books say is disputed and lost, and how each dispute stands."""
    (line,) = simulator.ask("/_books")["payments"]
    return line["disputed"], line["lost"], line["disputes"]


class TestADispute:
    def test_is_told_by_its_own_name_and_that_of_the_payment(
        self, adyen_simulator: SimulatedAdyen, charge: str
    ) -> None:
        name = dispute(adyen_simulator, f"psp_reference={charge}&reason=Duplicate")
        dispute(adyen_simulator, f"dispute={name}&status=lost")
        for event in (*OPENED, *LOST):
            told = news(adyen_simulator, event)
            assert (told["pspReference"], told["originalReference"]) == (name, charge)
            assert (told["success"], told["reason"]) == ("true", "Duplicate")
            assert told["amount"] == {"currency": "EUR", "value": 600}
            assert told["merchantReference"] == "order-7"

    def test_is_won_without_a_second_chargeback(
        self, adyen_simulator: SimulatedAdyen, charge: str
    ) -> None:
        name = dispute(adyen_simulator, f"psp_reference={charge}")
        assert standing(adyen_simulator) == (600, 0, {name: "open"})
        dispute(adyen_simulator, f"dispute={name}&status=won")
        assert standing(adyen_simulator) == (0, 0, {name: "won"})
        news(adyen_simulator, "CHARGEBACK_REVERSED")
        told = {event_of(one) for one in adyen_simulator.receiver.letters}
        assert "SECOND_CHARGEBACK" not in told

    def test_is_told_as_adyen_describes_it(
        self, adyen_simulator: SimulatedAdyen, charge: str
    ) -> None:
        skip_without_contracts()
        name = dispute(adyen_simulator, f"psp_reference={charge}")
        dispute(adyen_simulator, f"dispute={name}&status=lost")
        for event in (*OPENED, *LOST):
            (letter,) = adyen_simulator.receiver.wait_for(event)
            assert letter_violations(letter.event) == []

    @pytest.mark.parametrize("status", ["", "open", "CHARGEBACK_REVERSED"])
    def test_is_not_decided_in_another_way(
        self, adyen_simulator: SimulatedAdyen, charge: str, status: str
    ) -> None:
        name = dispute(adyen_simulator, f"psp_reference={charge}")
        with pytest.raises(OSError, match="409"):
            dispute(adyen_simulator, f"dispute={name}&status={status}")
        assert standing(adyen_simulator) == (600, 0, {name: "open"})

    def test_is_opened_and_decided_once(self, adyen_simulator: SimulatedAdyen, charge: str) -> None:
        name = dispute(adyen_simulator, f"psp_reference={charge}")
        dispute(adyen_simulator, f"dispute={name}&status=lost")
        for about in (f"psp_reference={charge}", f"dispute={name}&status=won"):
            with pytest.raises(OSError, match="409"):
                dispute(adyen_simulator, about)
        assert standing(adyen_simulator) == (0, 600, {name: "lost"})

    def test_is_of_what_was_captured_only(
        self, client: Any, adyen_simulator: SimulatedAdyen
    ) -> None:
        held = pay(client).message["pspReference"]
        for about, status in ((f"psp_reference={held}", "409"), ("psp_reference=NONE", "404")):
            with pytest.raises(OSError, match=status):
                dispute(adyen_simulator, about)
        assert standing(adyen_simulator) == (0, 0, {})


class TestWhatIsChargedBack:
    @pytest.mark.parametrize(
        ("what", "event"), [("refund", "REFUND"), ("reversal", "CANCEL_OR_REFUND")]
    )
    def test_is_refunded_only_once_it_is_won(
        self, client: Any, adyen_simulator: SimulatedAdyen, charge: str, what: str, event: str
    ) -> None:
        amount = {"amount": {"currency": "EUR", "value": 600}} if what == "refund" else {}
        name = dispute(adyen_simulator, f"psp_reference={charge}")
        change(client, what, charge, **amount)
        refused = news(adyen_simulator, event)
        assert (refused["success"], refused["reason"]) == ("false", "The payment was charged back")
        dispute(adyen_simulator, f"dispute={name}&status=won")
        change(client, what, charge, **amount)
        assert news(adyen_simulator, event, 2)["success"] == "true"
        (line,) = adyen_simulator.ask("/_books")["payments"]
        assert line["refunded"] == 600


class TestTheBooks:
    def test_keep_disputes_and_their_news_over_a_restart(self, tmp_path: Path) -> None:
        journal = tmp_path / "adyen.jsonl"
        first = SimulatedAdyen(journal=journal)
        first.start()
        document = {
            "reference": "order-9",
            "amount": EUROS,
            "returnUrl": "http://shop.example/return",
            "shopperReference": "shopper-1",
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "stored_card_authorised"},
        }
        paid = first.by_hand("/payments", document, "k1")
        first.receiver.wait_for("AUTHORISATION")
        first.receiver.answers = lambda letter: 500
        name = dispute(first, f"psp_reference={paid['pspReference']}")
        first.receiver.wait_for("CHARGEBACK")
        first.stop()

        second = SimulatedAdyen(journal=journal)
        second.start()
        for event in OPENED:
            assert news(second, event)["pspReference"] == name
        assert standing(second) == (1000, 0, {name: "open"})
        dispute(second, f"dispute={name}&status=lost")
        assert standing(second) == (0, 1000, {name: "lost"})
        second.stop()


class TestTheReports:
    def test_have_each_movement_on_its_day(self) -> None:
        books = Books(None)
        books.record(PAYMENT, chargeback("D1", taken=20, decided=24, status="lost"))
        books.record(chargeback("D2", taken=20, decided=25, status="won"))
        books.record(chargeback("D3", taken=26))
        assert [name[-12:-4] for _, name in books.reports_due()] == [
            *("20261120", "20261124", "20261125", "20261126")
        ]
        assert [(day, *row) for day in (20, 24, 25, 26) for row in rows(books, day)] == [
            (20, "D1", "Chargeback", "6.00", ""),
            (20, "D2", "Chargeback", "6.00", ""),
            (24, "D1", "ChargebackReversed", "", "6.00"),
            (24, "D1", "SecondChargeback", "6.00", ""),
            (25, "D2", "ChargebackReversed", "", "6.00"),
            (26, "D3", "Chargeback", "6.00", ""),
        ]

    def test_are_of_one_merchant_account(self) -> None:
        books = Books(None)
        books.record(replace(PAYMENT, merchant="Another"), chargeback("D1", taken=20))
        assert rows(books, 20) == []


PAYMENT = Payment(
    id="P1",
    created=0,
    merchant=MERCHANT,
    reference="order-7",
    amount=1000,
    currency="EUR",
    method="scheme",
    token="stored_card_authorised",
    return_url="",
    manual_capture=True,
    status="authorised",
    captured=600,
)


def chargeback(name: str, *, taken: int, decided: int = 0, status: str = "open") -> Dispute:
    """Make a dispute of PAYMENT, of days in November 2026."""
    return Dispute(
        id=name,
        created=noon(taken),
        payment=PAYMENT.id,
        amount=PAYMENT.captured,
        reason="Fraud",
        status=status,
        decided=noon(decided) if decided else 0,
    )


def noon(day: int) -> int:
    return int(datetime(2026, 11, day, 12, tzinfo=UTC).timestamp())


def rows(books: Books, day: int) -> list[tuple[str, str, str, str]]:
    """Read the rows of a day in November 2026: whose they are, their types, and what they moved."""
    path = f"/reports/download/MerchantAccount/{MERCHANT}/settlement_detail_report_202611{day}.csv"
    asked = Request(
        method="GET", path=path, query="", headers={"x-api-key": "k"}, body=b"", peer="127.0.0.1"
    )
    answer = Reports(books, Falsifier(), public_url="http://localhost").take(asked, path)
    assert answer.status == 200
    columns = ("Modification Reference", "Type", "Gross Debit (GC)", "Gross Credit (GC)")
    return [
        (row[columns[0]], row[columns[1]], row[columns[2]], row[columns[3]])
        for row in csv.DictReader(io.StringIO(answer.body.decode()))
    ]
