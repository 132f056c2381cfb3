"""Adyen's settlement detail reports: announced by webhook, fetched from one address only."""

import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.ports import (
    GIVEN_UP,
    GatewayMisused,
    GatewayUnavailable,
    NothingAnnounced,
    ReportUnreadable,
)
from infra.simulators.adyen.books import Books
from infra.simulators.adyen.objects import Modification, Payment
from infra.simulators.adyen.reports import Reports
from infra.simulators.settlements import Falsifier
from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.providers import adyen_provider
from tests.contract.payments.settled import DAY, charged, extra, lie
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen
from tests.contract.provider_contracts import FOLDER


def payment(name: str) -> Payment:
    """Make a payment of the simulated books."""
    return Payment(
        id=name,
        created=0,
        merchant=MERCHANT,
        reference=name,
        amount=100,
        currency="EUR",
        method="scheme",
        token="stored_card_authorised",
        return_url="",
        manual_capture=True,
        status="authorised",
    )


def capture(name: str, of: str, *, day: int, reason: str = "") -> Modification:
    """Make a capture of a day in November 2026; one with a reason was refused."""
    created = int(datetime(2026, 11, day, 12, tzinfo=UTC).timestamp())
    return Modification(
        id=name,
        created=created,
        kind="captures",
        payment=of,
        reference=name,
        amount=100,
        reason=reason,
    )


def names(books: Books) -> list[str]:
    """Announce the reports that are due; gives their names."""
    reports = Reports(books, Falsifier(), public_url="http://localhost")
    return [one.psp_reference for one in reports.announce_due()]


class TestAdyen:
    def test_announces_its_reports_as_its_files_say(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        adyen_simulator.announce(adyen_gateway)
        (letter,) = adyen_simulator.receiver.wait_for("REPORT_AVAILABLE")
        if FOLDER.is_dir():
            assert letter_violations(letter.event) == []
        (message,) = adyen_gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        assert message.payment_id is None
        assert message.reference == ""
        assert message.event_id.startswith("settlement_detail_report_")

    def test_announces_the_report_of_a_day_by_itself(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        _, _, reference = charged(adyen_provider(adyen_simulator, adyen_gateway))
        (letter,) = adyen_simulator.receiver.wait_for("REPORT_AVAILABLE")
        (message,) = adyen_gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        now = datetime.now(UTC)
        (line,) = adyen_gateway.list_settled(since=now - DAY, until=now, told=[message.facts])
        assert line.reference == reference

    def test_announces_each_report_once_however_often_it_is_started(self, tmp_path: Path) -> None:
        books = Books(tmp_path / "books.jsonl")
        books.record(payment("P1"), capture("M1", "P1", day=20))
        books.record(payment("P2"), capture("M2", "P2", day=20, reason="Refused"))
        assert names(books) == ["settlement_detail_report_20261120.csv"]
        books.record(capture("M3", "P1", day=20), capture("M4", "P1", day=21))
        books.write()
        again = Books(tmp_path / "books.jsonl")
        assert names(again) == ["settlement_detail_report_20261121.csv"]
        assert names(again) == []

    def test_has_no_report_before_one_is_announced(self, adyen_gateway: AdyenGateway) -> None:
        now = datetime.now(UTC)
        with pytest.raises(NothingAnnounced, match="has announced no report"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=[]))

    @pytest.mark.parametrize(
        "gone",
        [
            "{base}/reports/settlement_detail_report_gone.csv",
            "https://elsewhere.example/settlement_detail_report_1.csv",
        ],
    )
    def test_reads_the_others_where_one_report_cannot_be_had(
        self,
        adyen_simulator: SimulatedAdyen,
        adyen_gateway: AdyenGateway,
        gone: str,
    ) -> None:
        _, _, reference = charged(adyen_provider(adyen_simulator, adyen_gateway))
        told = adyen_simulator.announce(adyen_gateway)
        address = gone.format(base=adyen_simulator.base)
        now = datetime.now(UTC)
        lines = adyen_gateway.list_settled(
            since=now - DAY, until=now, told=[{**told[0], "reason": address}, *told]
        )
        assert next(lines).reference == reference
        with pytest.raises(GatewayMisused):
            next(lines)

    def test_names_every_report_that_cannot_be_had(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        _, _, reference = charged(adyen_provider(adyen_simulator, adyen_gateway))
        (there,) = adyen_simulator.announce(adyen_gateway)
        folder = f"{adyen_simulator.base}/reports"
        first, last = ({**there, "reason": f"{folder}/{name}"} for name in ("lost_1", "lost_2"))
        now = datetime.now(UTC)
        lines = adyen_gateway.list_settled(since=now - DAY, until=now, told=[first, there, last])
        assert next(lines).reference == reference
        with pytest.raises(GatewayMisused, match=r"^lost_1: .*404\. lost_2: .*404\.$"):
            next(lines)

    def test_gives_nothing_of_a_report_that_cannot_be_read_to_its_end(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        provider = adyen_provider(adyen_simulator, adyen_gateway)
        lie(provider, extra=[extra("X1"), extra("X2", currency="ZZZ")])
        now = datetime.now(UTC)
        lines = adyen_gateway.list_settled(
            since=now - DAY, until=now, told=adyen_simulator.announce(adyen_gateway)
        )
        with pytest.raises(ReportUnreadable, match=r"^settlement_detail_report_\d+\.csv: .*X2"):
            next(lines)

    def test_passes_over_reports_of_another_account(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        told = [
            {**one, "reason": str(one["reason"]).replace(f"/{MERCHANT}/", "/OtherShop/")}
            for one in adyen_simulator.announce(adyen_gateway)
        ]
        now = datetime.now(UTC)
        with pytest.raises(NothingAnnounced, match=f"other merchant accounts only; is {MERCHANT}"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=told))

    def test_says_that_every_report_was_given_up(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        told = [{**one, GIVEN_UP: True} for one in adyen_simulator.announce(adyen_gateway)]
        others = [
            {**one, "reason": str(one["reason"]).replace(f"/{MERCHANT}/", "/OtherShop/")}
            for one in told
        ]
        now = datetime.now(UTC)
        with pytest.raises(GatewayUnavailable, match="was given up"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=[*others, *told]))

    @pytest.mark.parametrize(
        "address",
        [
            "https://thief.example/settlement_detail_report_1.csv",
            "{base}/reports.thief.example/x.csv",
            "{base}/reports/../_books",
        ],
    )
    def test_takes_no_report_from_elsewhere(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway, address: str
    ) -> None:
        told = [
            {
                "event": "REPORT_AVAILABLE",
                "success": True,
                "pspReference": "settlement_detail_report_1.csv",
                "reason": address.format(base=adyen_simulator.base),
            }
        ]
        now = datetime.now(UTC)
        with pytest.raises(GatewayMisused, match="ADYEN_REPORT_BASE"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=told))

    def test_is_asked_as_the_report_user_where_there_is_one(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        gateway = AdyenGateway(
            api_key="key",
            api_base=adyen_simulator.api_base,
            merchant_account=MERCHANT,
            hmac_key=KEY,
            report_base=f"{adyen_simulator.base}/reports/",
            report_user="report@Company.Shop",
            report_password="secret",
        )
        told = adyen_simulator.announce(adyen_gateway)
        now = datetime.now(UTC)
        assert list(gateway.list_settled(since=now - DAY, until=now, told=told)) == []
        address = str(told[0]["reason"])
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5)
