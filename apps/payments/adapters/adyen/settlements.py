"""Read Adyen's settlement detail report: a CSV file for each batch that was settled."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from apps.kernel.errors import DomainError
from apps.kernel.money import Money, exponent
from apps.payments.adapters.adyen.requests import names_in
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import ReportUnreadable, SettlementLine

KINDS = {
    "Settled": SettlementKind.CHARGE,
    "SettledReversed": SettlementKind.CHARGE_UNDONE,
    "Refunded": SettlementKind.REFUND,
    "RefundedReversed": SettlementKind.REFUND_UNDONE,
    "Chargeback": SettlementKind.DISPUTE,
    "SecondChargeback": SettlementKind.DISPUTE,
    "ChargebackReversed": SettlementKind.DISPUTE_WON,
    "Fee": SettlementKind.FEE,
    "MiscCosts": SettlementKind.FEE,
    "PaymentCost": SettlementKind.FEE,
    "InvoiceDeduction": SettlementKind.FEE,
}
"""What each type of a row means here."""
PASSED_OVER = frozenset(
    {"MerchantPayout", "MerchantPayin", "Balancetransfer", "ReserveAdjustment", "DepositCorrection"}
)
"""What moves money between Adyen and our own accounts."""
FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
BOOKED = ("Booking Date", "Booking Date TimeZone")
NEEDED = frozenset(
    {
        *("Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone"),
        *("Type", "Modification Reference", "Gross Currency", "Gross Debit (GC)"),
        *("Gross Credit (GC)", "Net Currency", "Net Debit (NC)", "Net Credit (NC)"),
        "Batch Number",
    }
)
ZONES = {
    **dict.fromkeys(("UTC", "GMT"), "UTC"),
    **dict.fromkeys(("CET", "CEST"), "Europe/Amsterdam"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    "BST": "Europe/London",
    "SGT": "Asia/Singapore",
}
"""The places whose time Adyen's abbreviations stand for."""

Row = Mapping[str, str]


def read_settlement_report(body: bytes, *, merchant_account: str) -> Iterator[SettlementLine]:
    """Read the rows of a merchant account, one by one; rows of other accounts of the company are passed over.

    Raises:
        ReportUnreadable: it is no such report, or an amount or time in it cannot be read exactly; of
            what comes before that, the lines are given.
    """
    seen: Counter[str] = Counter()
    for row in _rows(body, merchant_account):
        name = _name(row)
        # Rows have no names. Of several that look alike each counts, in the order of the file.
        seen[name] += 1
        kind = KINDS.get(row["Type"], SettlementKind.OTHER)
        if row["Type"] in PASSED_OVER:
            continue
        try:
            yield _line(row, kind, f"{name}:{seen[name]}")
        except (DomainError, InvalidOperation, ValueError, KeyError) as error:
            raise ReportUnreadable(f"The row {name} cannot be read: {error}") from error


def _rows(body: bytes, merchant_account: str) -> Iterator[Row]:
    try:
        text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="")
        reader = csv.DictReader(text, strict=True)
        missing = NEEDED - set(reader.fieldnames or ())
        if missing:
            raise ReportUnreadable(f"These columns are not there: {', '.join(sorted(missing))}.")
        told = {*NEEDED, *FEES, *BOOKED} & set(reader.fieldnames or ())
        for row in reader:
            # A row that ends early has None in place of what it lacks, and even its account may lack.
            if any(row[column] is None for column in told):
                raise ReportUnreadable(f"The row in line {reader.line_num} is cut short.")
            if row["Merchant Account"] == merchant_account:
                yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReportUnreadable(f"This is no settlement detail report: {error}") from error


def _name(row: Row) -> str:
    parts = ("Batch Number", "Type", "Psp Reference", "Modification Reference")
    return ":".join(row[part] or "" for part in parts)


def _line(row: Row, kind: SettlementKind, line_id: str) -> SettlementLine:
    payment_id, _ = names_in(row["Merchant Reference"])
    net_currency = row["Net Currency"]
    if kind is SettlementKind.FEE:
        gross = Money.zero(net_currency)
        taken = _decimal(row["Net Debit (NC)"]) - _decimal(row["Net Credit (NC)"])
    else:
        moved = _decimal(row["Gross Credit (GC)"]) - _decimal(row["Gross Debit (GC)"])
        gross = _money(abs(moved), row["Gross Currency"])
        taken = sum((_decimal(row.get(column)) for column in FEES), Decimal(0))
    return SettlementLine(
        line_id=line_id,
        kind=kind,
        reference=row["Modification Reference"] or "",
        payment_reference=row["Psp Reference"] or "",
        payment_id=payment_id,
        gross=gross,
        fee=_money(taken, net_currency) if taken else Money.zero(net_currency or gross.currency),
        booked_at=_time(row),
    )


def _decimal(text: str | None) -> Decimal:
    """Read a number as it is written, never by way of a float; an empty one is nothing."""
    number = Decimal((text or "0").strip() or "0")
    if not number.is_finite():
        raise InvalidOperation(text)
    return number


def _money(number: Decimal, currency: str) -> Money:
    minor = number.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{number} {currency} has too many decimals")
    return Money(int(minor), currency)


def _time(row: Row) -> datetime:
    text, zone = map(row.get, BOOKED)
    if not text:
        text, zone = row["Creation Date"], row["TimeZone"]
    there = ZoneInfo(ZONES[(zone or "").strip()])
    return datetime.fromisoformat(text).replace(tzinfo=there).astimezone(UTC)
