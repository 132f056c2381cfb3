"""Read Stripe's balance transactions: what was settled, and what Stripe kept of it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from math import ceil
from typing import Any

import msgspec
from msgspec import Struct

from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import PaymentId, read_id
from apps.kernel.money import Money
from apps.payments.adapters.asking import ask_again
from apps.payments.adapters.stripe.amounts import minor_units
from apps.payments.adapters.stripe.objects import Page
from apps.payments.adapters.stripe.requests import StripeRequests
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import ReportUnreadable, SettlementLine

ADDRESS = "/v1/balance_transactions"
MOST_ROWS = 100
KINDS = {
    "charge": SettlementKind.CHARGE,
    "payment": SettlementKind.CHARGE,
    "payment_failure_refund": SettlementKind.CHARGE_UNDONE,
    "refund": SettlementKind.REFUND,
    "payment_refund": SettlementKind.REFUND,
    "refund_failure": SettlementKind.REFUND_UNDONE,
    "stripe_fee": SettlementKind.FEE,
    "network_cost": SettlementKind.FEE,
}
"""What each type of a transaction means here."""
CATEGORIES = {
    "dispute": SettlementKind.DISPUTE,
    "dispute_reversal": SettlementKind.DISPUTE_WON,
    "fee": SettlementKind.FEE,
}
"""What an adjustment is about, by Stripe's reporting category."""
PASSED_OVER = ("payout", "transfer", "topup", "reserve", "risk_reserve", "connect_reserved")
"""How the types begin that move money between Stripe and our own accounts."""


class Source(Struct, frozen=True):
    """What a transaction is about: a charge, refund or dispute. Amounts are in Stripe's units."""

    id: str
    amount: int = 0
    amount_captured: int | None = None
    currency: str = ""
    charge: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


class BalanceTransaction(Struct, frozen=True):
    """A movement of our balance at Stripe; amount and fee are in the currency of that balance."""

    id: str
    type: str
    amount: int
    fee: int
    currency: str
    created: int
    reporting_category: str = ""
    source: Source | str | None = None


def list_transactions(
    api: StripeRequests, *, since: datetime, until: datetime
) -> Iterator[BalanceTransaction]:
    """Read the transactions of a period, the newest first, page by page.

    A page that does not come is asked for again, see `ask_again`.

    Raises:
        GatewayUnavailable, GatewayMisused: see `reading`.
    """
    after: dict[str, Any] = {}
    while True:
        wanted = {
            "created": {"gte": int(since.timestamp()), "lt": ceil(until.timestamp())},
            "limit": MOST_ROWS,
            "expand": ["data.source"],
            **after,
        }
        page = ask_again(partial(api.get, ADDRESS, wanted, answer=Page[BalanceTransaction]))
        yield from page.data
        if not page.has_more or not page.data:
            return
        after = {"starting_after": page.data[-1].id}


def read_transactions(body: bytes) -> list[BalanceTransaction]:
    """Read a saved answer of Stripe's.

    Raises:
        ReportUnreadable: it is none.
    """
    try:
        return decode(body, Page[BalanceTransaction]).data
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ReportUnreadable(f"This is no list of balance transactions: {error}") from error


def lines_of(transactions: Iterable[BalanceTransaction]) -> Iterator[SettlementLine]:
    """Say what each transaction means to us; what is none of our business is passed over.

    Raises:
        ReportUnreadable: one is in a currency that we do not know.
    """
    for one in transactions:
        kind = _kind_of(one)
        if kind is None:
            continue
        try:
            yield _line(one, kind)
        except DomainError as error:
            raise ReportUnreadable(f"{one.id} cannot be read: {error}") from error


def _kind_of(one: BalanceTransaction) -> SettlementKind | None:
    if one.type.startswith(PASSED_OVER):
        return None
    if one.type == "adjustment":
        return CATEGORIES.get(one.reporting_category, SettlementKind.OTHER)
    return KINDS.get(one.type, SettlementKind.OTHER)


def _line(one: BalanceTransaction, kind: SettlementKind) -> SettlementLine:
    source = one.source if isinstance(one.source, Source) else None
    is_fee = kind is SettlementKind.FEE
    # Of a line that is nothing but a fee, the amount is what Stripe took.
    fee = one.fee - one.amount if is_fee else one.fee
    return SettlementLine(
        line_id=one.id,
        kind=kind,
        reference=_reference(one, kind),
        payment_reference=(source.payment_intent or source.charge or "") if source else "",
        payment_id=_payment_id(source),
        gross=_money(0, one.currency) if is_fee else _gross(one, source, kind),
        fee=_money(fee, one.currency),
        booked_at=datetime.fromtimestamp(one.created, UTC),
    )


def _reference(one: BalanceTransaction, kind: SettlementKind) -> str:
    if isinstance(one.source, str):
        return one.source
    if one.source is None:
        return ""
    if kind is SettlementKind.CHARGE_UNDONE and one.source.charge:
        return one.source.charge
    return one.source.id


def _gross(one: BalanceTransaction, source: Source | None, kind: SettlementKind) -> Money:
    """Give what moved in the currency of the payment: the balance may be kept in another one."""
    if source is None or not source.currency:
        return _money(abs(one.amount), one.currency)
    amount = source.amount
    if kind is SettlementKind.CHARGE and source.amount_captured is not None:
        amount = source.amount_captured
    if source.currency == one.currency:
        # The balance itself is what counts, wherever it can be compared.
        amount = abs(one.amount)
    return _money(amount, source.currency)


def _money(amount: int, currency: str) -> Money:
    code = currency.upper()
    sign = -1 if amount < 0 else 1
    return Money(sign * minor_units(abs(amount), code), code)


def _payment_id(source: Source | None) -> PaymentId | None:
    text = (source.metadata or {}).get("payment_id", "") if source else ""
    return read_id(PaymentId, text)
