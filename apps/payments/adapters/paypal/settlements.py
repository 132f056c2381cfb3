"""Read PayPal's transaction search: what was settled, and what PayPal kept of it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import PaymentId, read_id
from apps.kernel.money import Money
from apps.payments.adapters.asking import ask_again
from apps.payments.adapters.paypal.amounts import read_paypal_amount
from apps.payments.adapters.paypal.failures import NotPossible
from apps.payments.adapters.paypal.objects import Amount
from apps.payments.adapters.paypal.requests import PayPalRequests
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import GatewayMisused, ReportUnreadable, SettlementLine

ADDRESS = "/v1/reporting/transactions"
LONGEST_PERIOD = timedelta(days=31)
SHORTEST_PERIOD = timedelta(minutes=1)
TOO_MUCH = "RESULTSET_TOO_LARGE"
"""PayPal's word for a period with more transactions than it gives at once, which are 10,000."""
MOST_ROWS = 500
BOOKED = ("S", "V")
"""Succeeded, or succeeded and refunded in full later by transactions of their own; pending and denied
ones moved nothing."""
REFUND = "T1107"
KINDS = {
    "T1106": SettlementKind.DISPUTE,
    REFUND: SettlementKind.REFUND,
    "T1108": SettlementKind.FEE,
    "T1110": SettlementKind.DISPUTE,
    "T1111": SettlementKind.DISPUTE_WON,
    "T1201": SettlementKind.DISPUTE,
    "T1202": SettlementKind.DISPUTE_WON,
}
"""What an event code means here. A dispute may hold the money first, let go of it and then take it: what
counts is the sum. What a bank took back without one (T1106) is kept account of as a dispute, too."""
PAYMENT, FEE = "T00", "T01"
PASSED_OVER = ("T02", "T03", "T04", "T13", "T15", "T21")
"""Conversions between our own balances, deposits, withdrawals, authorisations, holds and reserves."""


class Info(Struct, frozen=True):
    """A transaction; amounts are decimals with a sign, as PayPal writes them."""

    transaction_id: str
    transaction_event_code: str
    transaction_initiation_date: str
    transaction_amount: Amount
    transaction_status: str = "S"
    fee_amount: Amount | None = None
    paypal_reference_id: str = ""
    invoice_id: str = ""
    custom_field: str = ""


class Detail(Struct, frozen=True):
    """What a transaction is wrapped in."""

    transaction_info: Info


class Found(Struct, frozen=True):
    """A page of what was found."""

    transaction_details: list[Detail] = []
    total_pages: int = 1


class Saved(Struct, frozen=True):
    """An answer that somebody saved: without its list it is something else."""

    transaction_details: list[Detail]


def list_transactions(api: PayPalRequests, *, since: datetime, until: datetime) -> Iterator[Info]:
    """Read the transactions of a period, month by month and page by page.

    A page that does not come is asked for again, see `ask_again`.

    Raises:
        GatewayUnavailable, GatewayMisused: see the port.
    """
    while since < until:
        ends = min(until, since + LONGEST_PERIOD)
        yield from _within(api, since, ends)
        since = ends


def _within(api: PayPalRequests, since: datetime, until: datetime) -> Iterator[Info]:
    """Read a period that PayPal takes at once, or by halves where it holds too much for that."""
    page = total = 1
    while page <= total:
        try:
            wanted = f"{ADDRESS}?{_query(since, until, page)}"
            found = ask_again(partial(api.get, wanted, answer=Found))
        except NotPossible as refusal:
            if refusal.issue != TOO_MUCH or until - since <= SHORTEST_PERIOD:
                raise GatewayMisused(str(refusal)) from refusal
            middle = since + (until - since) / 2
            yield from _within(api, since, middle)
            yield from _within(api, middle, until)
            return
        yield from (one.transaction_info for one in found.transaction_details)
        total, page = found.total_pages, page + 1


def _query(since: datetime, until: datetime, page: int) -> str:
    return urlencode(
        {
            "start_date": _written(since),
            "end_date": _written(until),
            "fields": "transaction_info",
            "balance_affecting_records_only": "Y",
            "page_size": MOST_ROWS,
            "page": page,
        }
    )


def read_transactions(body: bytes) -> list[Info]:
    """Read a saved answer of PayPal's.

    Raises:
        ReportUnreadable: it is none.
    """
    try:
        found = decode(body, Saved)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ReportUnreadable(f"This is no answer of the transaction search: {error}") from error
    return [one.transaction_info for one in found.transaction_details]


def lines_of(transactions: Iterable[Info]) -> Iterator[SettlementLine]:
    """Say what each transaction means to us; what is none of our business is passed over.

    Raises:
        ReportUnreadable: an amount cannot be read to the last digit.
    """
    for one in transactions:
        kind = _kind_of(one)
        if kind is None:
            continue
        try:
            yield _line(one, kind)
        except (DomainError, ValueError) as error:
            raise ReportUnreadable(f"{one.transaction_id} cannot be read: {error}") from error


def _kind_of(one: Info) -> SettlementKind | None:
    code = one.transaction_event_code
    if one.transaction_status not in BOOKED or code.startswith(PASSED_OVER):
        return None
    is_ours = not one.transaction_amount.value.startswith("-")
    if code.startswith(PAYMENT):
        return SettlementKind.CHARGE if is_ours else SettlementKind.OTHER
    if code == REFUND and is_ours:
        # It brought the money to us: a refund that did not last, and no second one.
        return SettlementKind.REFUND_UNDONE
    if code.startswith(FEE):
        return SettlementKind.FEE
    return KINDS.get(code, SettlementKind.OTHER)


def _line(one: Info, kind: SettlementKind) -> SettlementLine:
    moved = _money(one.transaction_amount)
    fee = -_money(one.fee_amount) if one.fee_amount else Money.zero(moved.currency)
    if kind is SettlementKind.FEE:
        # Of a line that is nothing but a fee, the amount is what PayPal took.
        fee, moved = fee - moved, Money.zero(moved.currency)
    return SettlementLine(
        line_id=f"{one.transaction_id}:{one.transaction_event_code}",
        kind=kind,
        reference=one.transaction_id,
        payment_reference=one.paypal_reference_id,
        payment_id=_payment_id(one, kind),
        gross=-moved if moved.is_negative else moved,
        fee=fee,
        booked_at=_read(one.transaction_initiation_date),
        # The invoice of a refund names our call, see `invoice_of_refund`.
        operation_id=read_id(OperationId, one.invoice_id)
        if kind is SettlementKind.REFUND
        else None,
    )


def _payment_id(one: Info, kind: SettlementKind) -> PaymentId | None:
    """Read our id of the payment; the invoice names it on a charge alone."""
    invoice = one.invoice_id if kind is SettlementKind.CHARGE else ""
    return read_id(PaymentId, one.custom_field) or read_id(PaymentId, invoice)


def _money(amount: Amount) -> Money:
    return read_paypal_amount(amount.value, amount.currency_code)


def _read(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
