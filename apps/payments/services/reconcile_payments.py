"""Compare what a provider says it settled with the ledger, from one instant to another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.settlements import DifferenceState
from apps.payments.models import ANNOUNCES_REPORT, ProviderMessageRecord, SettlementDifference
from apps.payments.ports import (
    GIVEN_UP,
    GatewayMisused,
    GatewayUnavailable,
    NothingAnnounced,
    ReportUnreadable,
    SettlementLine,
)
from apps.payments.services.compare_settlements import Patience, compare_settlements
from apps.payments.services.movements import has_movements
from apps.payments.services.take_in_settlements import take_in_settlements
from apps.payments.services.unreported import list_unreported

PAGE = 500
MARGIN = timedelta(days=1)
"""Lines are read from so much earlier on: provider and we may date a movement differently."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a run did: how many lines it read, and how many of them were new."""

    lines_read: int
    lines_new: int


def reconcile_payments(
    *,
    provider: str,
    since: datetime,
    until: datetime,
    now: datetime,
    report: Iterable[SettlementLine] | None = None,
    lines_since: datetime | None = None,
    are_missed: bool = True,
    on_page: Callable[[int], None] = lambda count: None,
) -> Reconciled:
    """Take in what a provider settled in a period, and keep what differs from the ledger.

    The provider is asked, unless a `report` is given; where earlier lines are known, from
    `lines_since` on. A movement of the period that is older than `OMS_SETTLEMENT_DAYS` and not
    reported is a difference, too, if `are_missed`. Pages are taken in as they come, each in a
    transaction of its own, so a period of any length needs the memory of one. A run that was
    stopped is simply begun again; what is known already changes nothing. `on_page` is told with
    every page how many lines it had; pages of movements that are looked over have none. Where a
    provider has announced no report and the ledger has no movement of the period either, there is
    nothing to compare, and that is well.

    Raises:
        GatewayUnavailable, GatewayMisused, ReportUnreadable: see `list_settled` of the port.
    """
    late = timedelta(days=settings.OMS_SETTLEMENT_DAYS)
    before = min(until, now - late)
    patience = Patience(since=since, before=before if are_missed else since)
    lines = report
    if lines is None:
        # What happened at the end of the period is reported after it.
        asked_until = min(now, until + late)
        lines = _ask(provider, since=lines_since or since, until=asked_until, moved=(since, until))
    read = new = 0
    for page in _pages(lines):
        new += take_in_settlements(provider=provider, lines=page, patience=patience, now=now)
        read += len(page)
        on_page(len(page))
    unreported = list_unreported(provider=provider, patience=patience) if are_missed else ()
    for payments in _pages(unreported):
        _compare(provider, payments, patience, now)
        on_page(0)
    for payments in _pages(_list_open(provider)):
        _compare(provider, payments, patience, now)
        on_page(0)
    return Reconciled(lines_read=read, lines_new=new)


def _ask(
    provider: str, *, since: datetime, until: datetime, moved: tuple[datetime, datetime]
) -> Iterator[SettlementLine]:
    """Ask for lines; that none is announced is well where the ledger has not moved from one instant to another."""
    from_when = since - MARGIN
    try:
        yield from gateway_named(provider).list_settled(
            since=from_when, until=until, told=_list_told(provider, from_when)
        )
    except NothingAnnounced:
        if has_movements(provider, since=moved[0], until=moved[1]):
            raise


def _list_told(provider: str, since: datetime) -> list[Mapping[str, Any]]:
    """Give the facts of messages that announce a report, the oldest first, and which were given up."""
    told = ProviderMessageRecord.objects.filter(
        ANNOUNCES_REPORT, provider=provider, received_at__gte=since
    )
    return [
        {**facts, GIVEN_UP: True} if given_up_at else facts
        for facts, given_up_at in told.order_by("id").values_list("facts", "given_up_at")
    ]


def _compare(provider: str, payments: list[PaymentId], patience: Patience, now: datetime) -> None:
    with transaction.atomic():
        compare_settlements(
            provider=provider, payment_ids=set(payments), patience=patience, now=now
        )


def _list_open(provider: str) -> Iterable[PaymentId]:
    """Give the payments of what is open: the ledger may have caught up."""
    return list(
        SettlementDifference.objects.filter(
            provider=provider, state=DifferenceState.OPEN, payment__isnull=False
        )
        .order_by("id")
        .values_list("payment_id", flat=True)
    )


def _pages(rows: Iterable[T]) -> Iterator[list[T]]:
    """Give pages; what was read before a provider broke off is one, too."""
    page: list[T] = []
    try:
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                yield page
                page = []
    except (GatewayUnavailable, GatewayMisused, ReportUnreadable):
        if page:
            yield page
        raise
    if page:
        yield page
