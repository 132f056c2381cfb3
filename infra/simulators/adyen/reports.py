"""The simulated Adyen's settlement detail reports: one file for each day, made from the books."""

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from infra.simulators.adyen.books import Books, new_reference
from infra.simulators.adyen.objects import (
    BOOKED,
    LOST,
    OPEN,
    REPORT_AVAILABLE,
    Dispute,
    Notice,
    Payment,
)
from infra.simulators.http_server import Request, Response
from infra.simulators.settlements import Booking, Falsifier, fee_of

PLACE = "/reports/"
_NAME = re.compile(
    r"/reports/download/MerchantAccount/([^/]+)/settlement_detail_report_(\d{8})\.csv"
)
COLUMNS = (
    *("Company Account", "Merchant Account", "Psp Reference", "Merchant Reference"),
    *("Payment Method", "Creation Date", "TimeZone", "Type", "Modification Reference"),
    *("Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Exchange Rate", "Net Currency"),
    *("Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)"),
    *("Interchange (NC)", "Payment Method Variant", "Modification Merchant Reference"),
    "Batch Number",
)
# Type, and whether money comes to us or goes.
_TYPES = {
    "charge": ("Settled", 1),
    "charge_undone": ("SettledReversed", -1),
    "refund": ("Refunded", -1),
    "refund_undone": ("RefundedReversed", 1),
    "dispute": ("Chargeback", -1),
    "dispute_won": ("ChargebackReversed", 1),
    "dispute_again": ("SecondChargeback", -1),
    "fee": ("Fee", -1),
    "payout": ("MerchantPayout", -1),
}
_DECIMALS = {
    **dict.fromkeys(("JPY", "KRW", "CVE", "IDR"), 0),
    **dict.fromkeys(("BHD", "KWD", "JOD", "OMR", "TND"), 3),
}


class Reports:
    """Announces the report of a day, and gives it to who knocks with a key or a password."""

    def __init__(self, books: Books, falsifier: Falsifier, *, public_url: str) -> None:
        """Make them from these books; `public_url` is this server's address."""
        self._books = books
        self._falsifier = falsifier
        self._base = f"{public_url}/adyen{PLACE}download/MerchantAccount"

    def announce(self, merchant: str, name: str) -> Notice:
        """Tell that the report of that name can be fetched."""
        notice = Notice(
            id=new_reference(),
            created=int(time.time()),
            event=REPORT_AVAILABLE,
            success=True,
            psp_reference=name,
            merchant=merchant,
            reference="",
            value=0,
            currency="EUR",
            method="",
            reason=f"{self._base}/{merchant}/{name}",
        )
        self._books.record(notices=[notice])
        self._books.write()
        return notice

    def announce_due(self) -> list[Notice]:
        """Tell of each report that has a row, once; what is booked later on its day is in it, too."""
        return [self.announce(merchant, name) for merchant, name in self._books.reports_due()]

    def take(self, request: Request, path: str) -> Response:
        """Give a report."""
        if not (request.headers.get("x-api-key") or request.headers.get("authorization")):
            return Response(status=401)
        match = _NAME.fullmatch(path)
        if match is None:
            return Response(status=404)
        merchant, day = match.groups()
        return Response(
            body=self._written(merchant, day).encode(), content_type="text/csv; charset=utf-8"
        )

    def _written(self, merchant: str, day: str) -> str:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, restval="")
        writer.writeheader()
        told = self._falsifier.falsified(self._true(merchant))
        for one in sorted(told, key=lambda one: (one.created, one.reference)):
            at = datetime.fromtimestamp(one.created, UTC)
            if f"{at:%Y%m%d}" == day:
                writer.writerow(
                    {**_row(one, at), "Merchant Account": merchant, "Batch Number": day}
                )
        return text.getvalue()

    def _true(self, merchant: str) -> Iterator[Booking]:
        for one in self._books.modifications.values():
            payment = self._books.payments.get(one.payment)
            if payment is None or not one.has_moved or payment.merchant != merchant:
                continue
            kind = BOOKED[one.kind]
            yield _booking(payment, kind, one.id, one.amount, one.created)
            if one.undone:
                yield _booking(payment, f"{kind}_undone", one.id, one.amount, one.undone)
        for dispute in self._books.disputes.values():
            payment = self._books.payments[dispute.payment]
            if payment.merchant == merchant:
                yield from _of_dispute(payment, dispute)


def _of_dispute(payment: Payment, dispute: Dispute) -> Iterator[Booking]:
    name, amount = dispute.id, dispute.amount
    yield _booking(payment, "dispute", name, amount, dispute.created)
    if dispute.status != OPEN:
        yield _booking(payment, "dispute_won", name, amount, dispute.decided)
    if dispute.status == LOST:
        yield _booking(payment, "dispute_again", name, amount, dispute.decided)


def _booking(payment: Payment, kind: str, reference: str, amount: int, created: int) -> Booking:
    return Booking(
        kind=kind,
        reference=reference,
        amount=amount,
        currency=payment.currency,
        created=created,
        payment=payment.id,
        payment_id=payment.reference,
        fee=fee_of(amount) if kind == "charge" else 0,
    )


def _row(one: Booking, at: datetime) -> dict[str, str]:
    kind, sign = _TYPES[one.kind]
    net = sign * one.amount - one.fee
    is_gross = one.kind not in ("fee", "payout")
    gross = _sides("Gross", "GC", sign * one.amount, one.currency) if is_gross else {}
    return {
        "Company Account": "SimulatedCompany",
        "Psp Reference": one.payment,
        "Merchant Reference": one.payment_id,
        "Payment Method": "visa" if is_gross else "",
        "Creation Date": f"{at:%Y-%m-%d %H:%M:%S}",
        "TimeZone": "UTC",
        "Type": kind,
        "Modification Reference": one.reference,
        "Gross Currency": one.currency if is_gross else "",
        **gross,
        "Exchange Rate": "1",
        "Net Currency": one.currency,
        **_sides("Net", "NC", net, one.currency),
        "Commission (NC)": _decimal(one.fee, one.currency) if one.fee else "",
    }


def _sides(name: str, short: str, amount: int, currency: str) -> dict[str, str]:
    side = "Credit" if amount >= 0 else "Debit"
    return {f"{name} {side} ({short})": _decimal(abs(amount), currency)}


def _decimal(amount: int, currency: str) -> str:
    decimals = _DECIMALS.get(currency, 2)
    return f"{Decimal(amount).scaleb(-decimals):.{decimals}f}"
