"""Reports saved as files, in each provider's own format, and files that are none."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.adyen.settlements import read_settlement_report
from apps.payments.adapters.paypal import settlements as paypal
from apps.payments.adapters.stripe import settlements as stripe
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import ReportUnreadable, SettlementLine

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "settlements"
FIRST = UUID("0193a8a0-0000-7000-8000-000000000001")
ADYEN = (FOLDER / "adyen_settlement_detail.csv").read_bytes()


def adyen(body: bytes = ADYEN) -> list[SettlementLine]:
    return list(read_settlement_report(body, merchant_account="TestMerchant"))


def paypal_lines() -> list[SettlementLine]:
    body = (FOLDER / "paypal_transactions.json").read_bytes()
    return list(paypal.lines_of(paypal.read_transactions(body)))


def stripe_lines() -> list[SettlementLine]:
    body = (FOLDER / "stripe_balance_transactions.json").read_bytes()
    return list(stripe.lines_of(stripe.read_transactions(body)))


class TestAdyensReport:
    def test_is_read_row_by_row(self) -> None:
        assert [
            (one.kind.value, one.reference, str(one.gross), str(one.fee)) for one in adyen()
        ] == [
            ("charge", "9914073381342285", "129.90 EUR", "2.27 EUR"),
            ("charge", "9914073381342287", "50.00 USD", "0.60 EUR"),
            ("charge", "9914073381342289", "1200 JPY", "17 JPY"),
            ("refund", "9914073381342290", "29.90 EUR", "0.00 EUR"),
            ("dispute", "9914073381342291", "50.00 USD", "15.00 EUR"),
            ("fee", "Transaction Fees November, 2026", "0.00 EUR", "12.34 EUR"),
        ]

    def test_names_our_payment_and_adyens(self) -> None:
        first = adyen()[0]
        assert (first.payment_id, first.payment_reference) == (FIRST, "7914073381342284")
        assert first.line_id == "112:Settled:7914073381342284:9914073381342285:1"

    def test_tells_the_time_where_the_report_was_made(self) -> None:
        assert adyen()[0].booked_at == datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)

    def test_counts_rows_that_look_alike(self) -> None:
        head, first, *_ = ADYEN.splitlines(keepends=True)
        assert [one.line_id[-2:] for one in adyen(head + first + first)] == [":1", ":2"]

    @pytest.mark.parametrize(
        ("was", "becomes", "said"),
        [
            (b"Modification Reference", b"Reference", "columns are not there: Modification"),
            (b",129.90,", b",129.905,", "too many decimals"),
            (b",129.90,", b",many,", "cannot be read"),
            (b",129.90,", b",NaN,", "cannot be read"),
            (b",EUR,,129.90", b",XXX,,129.90", "cannot be read"),
            (b"10:15:30,CET", b"10:15:30,XYZ", "cannot be read"),
            (b"2026-11-20 10:15:30", b"yesterday", "cannot be read"),
            (b"visa", b"vis\xff", "no settlement detail report"),
        ],
    )
    def test_that_cannot_be_read_exactly_is_refused(
        self, was: bytes, becomes: bytes, said: str
    ) -> None:
        assert was in ADYEN
        with pytest.raises(ReportUnreadable, match=said):
            adyen(ADYEN.replace(was, becomes))

    @pytest.mark.parametrize("cells", [1, 5, 16, 19])
    def test_with_a_row_that_was_cut_short_is_refused(self, cells: int) -> None:
        head, first, *_ = ADYEN.splitlines(keepends=True)
        cut = b",".join(first.split(b",")[:cells])
        with pytest.raises(ReportUnreadable, match="line 3 is cut short"):
            adyen(head + first + cut)

    def test_with_a_row_that_lacks_its_fees_alone_is_refused(self) -> None:
        head, first, *_ = (row.split(b",") for row in ADYEN.splitlines())
        fees_last = [b",".join([*row[:16], row[-1], *row[16:20]]) for row in (head, first)]
        assert str(adyen(b"\n".join(fees_last))[0].fee) == "2.27 EUR"
        cut = fees_last[1].rpartition(b",")[0]
        with pytest.raises(ReportUnreadable, match="line 2 is cut short"):
            adyen(b"\n".join([fees_last[0], cut]))


class TestStripesList:
    def test_is_read_transaction_by_transaction(self) -> None:
        lines = stripe_lines()
        assert [(one.kind.value, one.reference, str(one.gross), str(one.fee)) for one in lines] == [
            ("charge", "ch_1", "129.90 EUR", "4.44 USD"),
            ("refund", "re_1", "5.00 EUR", "0.00 EUR"),
            ("dispute", "du_1", "20.00 EUR", "15.00 EUR"),
            ("fee", "", "0.00 EUR", "1.80 EUR"),
            ("refund_undone", "re_1", "5.00 EUR", "0.00 EUR"),
        ]
        assert (lines[0].payment_id, lines[0].payment_reference) == (FIRST, "pi_1")
        assert lines[0].booked_at == datetime.fromtimestamp(1795219200, UTC)

    def test_keeps_what_it_knows_no_meaning_of(self) -> None:
        body = b'{"data": [{"id": "txn_9", "type": "new", "amount": 5, "fee": 0, "currency": "eur", "created": 1}]}'
        (line,) = stripe.lines_of(stripe.read_transactions(body))
        assert line.kind is SettlementKind.OTHER

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"data": [{"id": 1}]}', b"\xff"])
    def test_that_is_none_is_refused(self, body: bytes) -> None:
        with pytest.raises(ReportUnreadable):
            stripe.read_transactions(body)

    def test_in_a_currency_that_nobody_knows_is_refused(self) -> None:
        body = b'{"data": [{"id": "txn_9", "type": "charge", "amount": 5, "fee": 0, "currency": "zzz", "created": 1}]}'
        with pytest.raises(ReportUnreadable, match="txn_9"):
            list(stripe.lines_of(stripe.read_transactions(body)))


class TestPayPalsAnswer:
    def test_is_read_transaction_by_transaction(self) -> None:
        lines = paypal_lines()
        assert [(one.kind.value, one.reference, str(one.gross), str(one.fee)) for one in lines] == [
            ("charge", "5TY05013RG002845M", "129.90 EUR", "3.85 EUR"),
            ("refund", "1JU08902781691411", "29.90 EUR", "-0.35 EUR"),
            ("charge", "9XX00000000000001", "5000.00 HUF", "0.00 HUF"),
            ("dispute", "9XX00000000000003", "100.00 EUR", "0.00 EUR"),
            ("fee", "9XX00000000000004", "0.00 EUR", "16.00 EUR"),
        ]
        assert lines[0].payment_id == FIRST
        assert lines[3].payment_reference == "5TY05013RG002845M"
        assert lines[0].booked_at == datetime(2026, 11, 20, 10, 15, 30, tzinfo=UTC)
        assert Money(0, "EUR") == lines[3].fee

    @pytest.mark.parametrize("value", ["1.005", "much", "NaN"])
    def test_with_an_amount_that_is_none_is_refused(self, value: str) -> None:
        body = (FOLDER / "paypal_transactions.json").read_text().replace("129.90", value)
        with pytest.raises(ReportUnreadable, match="5TY05013RG002845M"):
            list(paypal.lines_of(paypal.read_transactions(body.encode())))

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"transaction_details": [{}]}'])
    def test_that_is_none_is_refused(self, body: bytes) -> None:
        with pytest.raises(ReportUnreadable):
            paypal.read_transactions(body)
