"""Keep what providers told of money for which no payment of ours was found, for a person to look into."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction

from apps.kernel.decoding import convert
from apps.kernel.money import Money, UnknownCurrency
from apps.payments.domain.news import NoSuchAmount, insist_on_amount
from apps.payments.domain.settlements import Difference, DifferenceKind, Side
from apps.payments.models import ProviderMessageRecord
from apps.payments.ports import DisputeNews, RefundNews
from apps.payments.services.keep_differences import PaymentDifference, keep_differences
from apps.platform.telemetry.metrics import webhooks_total

log = structlog.get_logger(__name__)


def note_unmatched(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Make the disputes and refunds of unmatched messages differences, and count and log every message.

    They go by the names that the comparison with the provider's reports gives them, so that a line about
    one makes no second row; but for disputes at PayPal, which its report names by a transaction. One that is
    known already stays as it is, closed or not. Counted and logged once the caller's transaction stands.
    """
    found: dict[str, list[PaymentDifference]] = {}
    for message in messages:
        found.setdefault(message.provider, []).extend(_differences(message))
    for provider, differences in found.items():
        differences.sort(key=lambda one: one.difference.subject)
        keep_differences(provider=provider, found=differences, known=(), now=now)
    transaction.on_commit(partial(_tell, messages))


def _tell(messages: Sequence[ProviderMessageRecord]) -> None:
    for message in messages:
        webhooks_total.labels(provider=message.provider, outcome="unmatched").inc()
        log.warning(
            "message_unmatched",
            provider=message.provider,
            kind=message.kind,
            name=message.event_id,
            reference=message.reference,
            attempts=message.attempts,
        )


def _differences(message: ProviderMessageRecord) -> list[PaymentDifference]:
    told: list[tuple[Side, DisputeNews | RefundNews]] = []
    if message.dispute:
        told.append((Side.DISPUTE, convert(message.dispute, DisputeNews)))
    if message.refund:
        told.append((Side.REFUND, convert(message.refund, RefundNews)))
    return [
        PaymentDifference(
            payment_id=None,
            difference=Difference(
                kind=DifferenceKind.UNKNOWN_PAYMENT,
                subject=f"{side}:{news.reference}",
                expected=None,
                found=_amount(news),
            ),
        )
        for side, news in told
    ]


def _amount(news: DisputeNews | RefundNews) -> Money | None:
    """Give what was told; None where that is no amount: a person has to look all the same."""
    try:
        insist_on_amount(news.amount_minor)
        return Money(news.amount_minor, news.currency)
    except (NoSuchAmount, UnknownCurrency):
        return None
