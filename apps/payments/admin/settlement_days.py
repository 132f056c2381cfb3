"""A picture of the last days: what was settled, what it cost, and what differs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Case, Count, F, Sum, When
from django.db.models.functions import TruncDate

from apps.kernel.money import exponent
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import SettlementDifference, SettlementLineRecord
from apps.platform.backoffice.charts import Columns, columns

DAYS = 14
MOST_CURRENCIES = 3
CACHED_SECONDS = 300
"""How long the sums are kept: they read two weeks of lines."""
_SIGNED = Case(
    When(kind=SettlementKind.CHARGE, then=F("gross_minor")),
    When(kind=SettlementKind.REFUND_UNDONE, then=F("gross_minor")),
    When(kind=SettlementKind.DISPUTE_WON, then=F("gross_minor")),
    When(kind=SettlementKind.OTHER, then=0),
    default=-F("gross_minor"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart under its title."""

    title: str
    chart: Columns


def draw_days(now: datetime) -> list[Picture]:
    """Draw the last 14 days in UTC, as they were up to five minutes ago, a chart for each currency.

    Amounts are in major units, charges less what went back; a chart has no use for exact cents.
    """
    key = f"settlement_days:{now:%Y%m%d}"
    kept: list[Picture] | None = cache.get(key)
    if kept is None:
        kept = _draw(now.replace(hour=0, minute=0, second=0, microsecond=0))
        cache.set(key, kept, CACHED_SECONDS)
    return kept


def _draw(today: datetime) -> list[Picture]:
    """Sum the days up in three statements; of many currencies, the three that move most are shown."""
    since = today - timedelta(days=DAYS - 1)
    days = [(since + timedelta(days=position)).date() for position in range(DAYS)]
    labels = [f"{day:%d %b}" for day in days]
    lines = SettlementLineRecord.objects.filter(booked_at__gte=since).annotate(
        day=TruncDate("booked_at")
    )
    settled = {
        (one["currency"], one["day"]): one["total"]
        for one in lines.values("currency", "day").annotate(total=Sum(_SIGNED)).order_by()
    }
    fees = {
        (one["fee_currency"], one["day"]): one["total"]
        for one in lines.values("fee_currency", "day").annotate(total=Sum("fee_minor")).order_by()
    }
    found = dict(
        SettlementDifference.objects.filter(found_at__gte=since)
        .annotate(day=TruncDate("found_at"))
        .values_list("day")
        .annotate(count=Count("id"))
        .order_by()
    )
    currencies = sorted(
        {currency for currency, _ in (*settled, *fees)},
        key=lambda code: -sum(abs(total) for (one, _), total in settled.items() if one == code),
    )
    pictures = [
        Picture(
            title=f"Settled and fees in {code}",
            chart=columns(
                labels,
                {
                    "settled": [settled.get((code, day), 0) / 10 ** exponent(code) for day in days],
                    "fees": [fees.get((code, day), 0) / 10 ** exponent(code) for day in days],
                },
            ),
        )
        for code in currencies[:MOST_CURRENCIES]
    ]
    if found:
        counts = {"differences": [found.get(day, 0) for day in days]}
        pictures.append(Picture(title="Differences found", chart=columns(labels, counts)))
    return pictures
