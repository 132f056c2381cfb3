"""The simulated PayPal's transaction search, made from its captures, refunds and disputes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from infra.simulators.http_server import Request
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.disputes import OUTCOMES
from infra.simulators.paypal.documents import written
from infra.simulators.paypal.objects import CHARGEBACK, Dispute, Order
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.settlements import Booking, Falsifier, fee_of

ADDRESS = "/v1/reporting/transactions"
LONGEST_PERIOD = timedelta(days=31)
MOST_ROWS = 500
MOST_FOUND = 10_000
# Event code, and whether money comes to us or goes.
_CODES = {
    "charge": ("T0006", 1),
    "charge_undone": ("T1106", -1),
    "refund": ("T1107", -1),
    "refund_undone": ("T1107", 1),
    "dispute": ("T1201", -1),
    "dispute_won": ("T1202", 1),
    "fee": ("T0106", -1),
    "payout": ("T0400", -1),
}


class Settlements:
    """Answers searches."""

    def __init__(self, books: Books, falsifier: Falsifier) -> None:
        """Search these books."""
        self._books = books
        self._falsifier = falsifier

    def search(self, request: Request) -> dict[str, Any]:
        """Give a page of the transactions of a period.

        Raises:
            Refusal: the period or the page is not one that PayPal takes.
        """
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        since, until = _time(query, "start_date"), _time(query, "end_date")
        if not since < until <= since + LONGEST_PERIOD:
            raise Refusal(400, "INVALID_REQUEST", field="end_date")
        size, page = _number(query, "page_size", 100), _number(query, "page", 1)
        if size > MOST_ROWS:
            raise Refusal(400, "INVALID_REQUEST", field="page_size")
        found = sorted(
            (
                one
                for one in self._falsifier.falsified(self._true())
                if since.timestamp() <= one.created <= until.timestamp()
            ),
            key=lambda one: (one.created, one.id),
        )
        if len(found) > MOST_FOUND:
            raise Refusal(400, "RESULTSET_TOO_LARGE")
        return {
            "transaction_details": [
                {"transaction_info": _info(one)} for one in found[(page - 1) * size : page * size]
            ],
            "account_number": "SIMULATED",
            "start_date": query["start_date"],
            "end_date": query["end_date"],
            "last_refreshed_datetime": _written(datetime.now(UTC)),
            "page": page,
            "total_items": len(found),
            "total_pages": max(1, -(-len(found) // size)),
            "links": [],
        }

    def _true(self) -> Iterator[Booking]:
        for order in self._books.orders.values():
            for capture in order.captures:
                if capture.has_failed or capture.status == "PENDING":
                    continue
                yield Booking(
                    kind="charge",
                    reference=capture.id,
                    amount=capture.minor,
                    currency=order.currency,
                    created=capture.created,
                    payment_id=capture.invoice_id,
                    fee=fee_of(capture.minor),
                )
                if capture.reason == CHARGEBACK:
                    yield Booking(
                        kind="charge_undone",
                        reference=f"{capture.id[:-1]}R",
                        amount=capture.minor - order.refunded_of(capture.id),
                        currency=order.currency,
                        created=capture.updated,
                        payment=capture.id,
                        payment_id=capture.invoice_id,
                    )
            for refund in order.refunds:
                if refund.status == "COMPLETED" or refund.undone:
                    yield Booking(
                        kind="refund",
                        reference=refund.id,
                        amount=refund.minor,
                        currency=order.currency,
                        created=refund.created,
                        payment=refund.capture_id,
                        payment_id=refund.invoice_id,
                    )
                if refund.undone:
                    yield Booking(
                        kind="refund_undone",
                        reference=f"{refund.id[:-1]}R",
                        amount=refund.minor,
                        currency=order.currency,
                        created=refund.undone,
                        payment=refund.id,
                        payment_id=refund.invoice_id,
                    )
            for dispute in order.disputes:
                if not dispute.is_of_reversal:
                    yield _of_dispute(dispute, order, kind="dispute", created=dispute.created)
                if dispute.outcome_code == OUTCOMES["won"]:
                    # It changes once: when it is decided.
                    yield _of_dispute(dispute, order, kind="dispute_won", created=dispute.updated)


def _of_dispute(dispute: Dispute, order: Order, *, kind: str, created: int) -> Booking:
    return Booking(
        kind=kind,
        reference=dispute.id,
        amount=dispute.minor,
        currency=order.currency,
        created=created,
        payment=dispute.capture_id,
    )


def _info(one: Booking) -> dict[str, Any]:
    code, sign = _CODES[one.kind]
    at = _written(datetime.fromtimestamp(one.created, UTC))
    info: dict[str, Any] = {
        "transaction_id": one.reference if one.nth == 1 else f"{one.reference}{one.nth}",
        "transaction_event_code": code,
        "transaction_initiation_date": at,
        "transaction_updated_date": at,
        "transaction_amount": _amount(sign * one.amount, one.currency),
        "transaction_status": "S",
        "protection_eligibility": "02",
    }
    if one.payment:
        info |= {"paypal_reference_id": one.payment, "paypal_reference_id_type": "TXN"}
    if one.fee:
        info["fee_amount"] = _amount(-one.fee, one.currency)
    if one.payment_id:
        # PayPal's own client says that `custom_field` is mostly there for mass payments alone.
        info["invoice_id"] = one.payment_id
    return info


def _amount(minor: int, currency: str) -> dict[str, str]:
    return {"currency_code": currency, "value": written(minor, currency)}


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _time(query: dict[str, str], name: str) -> datetime:
    try:
        return datetime.fromisoformat(query[name]).astimezone(UTC)
    except (KeyError, ValueError) as error:
        raise Refusal(400, "INVALID_REQUEST", field=name) from error


def _number(query: dict[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, "INVALID_REQUEST", field=name)
    return int(text)
