"""The first page of the back office: how the shop does right now, in a constant number of queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.kernel.identifiers import id_at
from apps.kernel.money import exponent
from apps.orders.admin.page import TONES
from apps.orders.domain.statuses import OrderStatus
from apps.orders.models import Order
from apps.orders.queries import OrderSum, count_placed_by_minute, stuck_orders, sum_by_hour
from apps.payments.adapters.registry import list_gates
from apps.payments.services.dispatch_operations import gate_named
from apps.platform.backoffice.charts import Bar, Columns, bars, columns
from apps.platform.backoffice.formatting import (
    Tone,
    amount,
    badge,
    duration,
    lines,
    moment,
    money,
    order_link,
)
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.outbox.admin.panels import lag_bars
from apps.platform.outbox.lag import Lag, list_lags
from apps.platform.resilience.breaker import Status

Sums = TypeVar("Sums")
CACHED_SECONDS = 10
"""How long the sums are kept: many people look, and the sums read a day of orders."""
STUCK_SHOWN = 8
STUCK_COUNTED = 1_000
STUCK_DAYS = 30

WON = (
    OrderStatus.CONFIRMED,
    OrderStatus.PROCESSING,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.COMPLETED,
)
"""States of an order that the shop earns from."""
STAGES = {
    "Placed": tuple(OrderStatus),
    "Stock held": (OrderStatus.PAYMENT_PENDING, OrderStatus.PAYMENT_AUTHORIZED, *WON),
    "Payment authorized": (OrderStatus.PAYMENT_AUTHORIZED, *WON),
    "Confirmed": WON,
    "Processing": WON[1:],
    "Shipped": WON[2:],
    "Being cancelled": (OrderStatus.CANCELLATION_PENDING,),
    "Cancelled": (OrderStatus.CANCELLED,),
}
GATE_TONES = {
    Status.CLOSED.value: Tone.SUCCESS,
    Status.HALF_OPEN.value: Tone.WARNING,
    Status.OPEN.value: Tone.DANGER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number at the top of the page."""

    label: str
    value: str
    hint: str = ""
    tone: Tone | None = None


def fill_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the person may see; called by the theme for the first page."""
    now = timezone.now()
    lags = list_lags() if request.user.has_perm("platform_outbox.view_parkedkey") else []
    context |= {"now": moment(now), "title": "Dashboard"}
    figures: list[Figure] = []
    if request.user.has_perm("orders.view_order"):
        _add_orders(context, figures, now)
    if lags:
        context["lag"] = lag_bars(lags)
        figures.append(_lag_figure(lags))
    if request.user.has_perm("payments.view_payment"):
        context["gates"] = Panel(tables=(_gates(now),))
    context["figures"] = figures
    return context


def _add_orders(context: dict[str, Any], figures: list[Figure], now: datetime) -> None:
    minute, hour = _floor(now, minutes=1), _floor(now, minutes=60)
    first_minute, first_hour = minute - timedelta(minutes=59), hour - timedelta(hours=23)
    by_minute = _kept("minutes", first_minute, count_placed_by_minute)
    sums = _kept("hours", first_hour, sum_by_hour)
    recent = Order.objects.filter(id__gte=id_at(now - timedelta(days=STUCK_DAYS)))
    stuck = stuck_orders(recent, now=now)
    stuck_count = stuck.order_by()[:STUCK_COUNTED].count()
    figures += _order_figures(by_minute, sums, stuck_count)
    context["per_minute"] = _per_minute(by_minute, first_minute)
    context["per_hour"] = _per_hour(sums, first_hour)
    context["funnel"] = _funnel(sums)
    context["stuck"] = _stuck(list(stuck.order_by("id")[:STUCK_SHOWN]), stuck_count, now)
    context["stuck_url"] = f"{reverse('admin:orders_order_changelist')}?waiting=long"


def _kept(name: str, since: datetime, read: Callable[..., Sums]) -> Sums:
    """Read sums, or take those that somebody else's page read a moment ago."""
    key = f"dashboard:{name}:{since:%d%H%M}"
    kept: Sums | None = cache.get(key)
    if kept is None:
        kept = read(since=since)
        cache.set(key, kept, CACHED_SECONDS)
    return kept


def _order_figures(
    by_minute: Mapping[datetime, int], sums: Sequence[OrderSum], stuck: int
) -> list[Figure]:
    placed, won = sum(one.orders for one in sums), [one for one in sums if one.status in WON]
    revenue: dict[str, int] = {}
    for one in won:
        revenue[one.currency] = revenue.get(one.currency, 0) + one.total_minor
    share = 100 * sum(one.orders for one in won) / placed if placed else 0.0
    return [
        Figure(
            label="Orders in the last hour",
            value=f"{sum(by_minute.values()):,}",
            hint=f"{max(by_minute.values(), default=0):,} in the busiest minute; "
            f"{placed:,} in 24 hours",
        ),
        Figure(
            label="Revenue in 24 hours",
            value=lines(*(amount(minor, code) for code, minor in sorted(revenue.items()))) or "–",
            hint="orders confirmed and not cancelled",
        ),
        Figure(label="Conversion", value=f"{share:.1f} %", hint="placed orders that are confirmed"),
        Figure(
            label="Waiting for over 5 minutes",
            value=f"{stuck:,}" + ("+" if stuck == STUCK_COUNTED else ""),
            tone=Tone.WARNING if stuck else Tone.SUCCESS,
        ),
    ]


def _lag_figure(lags: Sequence[Lag]) -> Figure:
    dead, oldest = sum(lag.dead for lag in lags), max(lag.oldest_seconds for lag in lags)
    return Figure(
        label="Dead letters",
        value=f"{dead:,}",
        hint=f"oldest waiting event: {duration(timedelta(seconds=oldest))}",
        tone=Tone.DANGER if dead else Tone.SUCCESS,
    )


def _per_minute(by_minute: Mapping[datetime, int], first: datetime) -> Columns:
    minutes = [first + timedelta(minutes=position) for position in range(60)]
    counts = [by_minute.get(minute, 0) for minute in minutes]
    return columns([f"{minute:%H:%M}" for minute in minutes], {"orders": counts})


def _per_hour(sums: Sequence[OrderSum], first: datetime) -> Columns:
    """Sum revenue by hour and currency, in major units: a chart has no use for exact cents."""
    hours = [first + timedelta(hours=position) for position in range(24)]
    series: dict[str, dict[datetime, int]] = {}
    for one in sums:
        if one.status in WON:
            by_hour = series.setdefault(one.currency, {})
            by_hour[one.hour] = by_hour.get(one.hour, 0) + one.total_minor
    return columns(
        [f"{hour:%H}:00" for hour in hours],
        {
            code: [by_hour.get(hour, 0) / 10 ** exponent(code) for hour in hours]
            for code, by_hour in sorted(series.items())
        },
    )


def _funnel(sums: Sequence[OrderSum]) -> list[Bar]:
    counts = {
        stage: sum(one.orders for one in sums if one.status in statuses)
        for stage, statuses in STAGES.items()
    }
    placed = counts["Placed"]
    return bars(
        counts,
        texts={
            stage: f"{count:,} · {100 * count / placed:.0f} %" if placed else "0"
            for stage, count in counts.items()
        },
        tones={
            "Confirmed": Tone.SUCCESS,
            "Being cancelled": Tone.WARNING,
            "Cancelled": Tone.DANGER,
        },
    )


def _stuck(orders: Sequence[Order], count: int, now: datetime) -> Panel:
    table = Table(
        headings=("Order", "Status", "Total", "Nothing happened for"),
        numbers=frozenset({"Total", "Nothing happened for"}),
        rows=[
            (
                order_link(order.id, order.number),
                badge(order.status, TONES),
                money(order.total_minor, order.currency),
                duration(now - order.updated_at),
            )
            for order in orders
        ],
    )
    return Panel(tables=(table,), note="" if count else "None: every order is moving.")


def _gates(now: datetime) -> Table:
    states = {name: gate_named(name).state(now) for name in list_gates()}
    return Table(
        headings=("Gateway", "Circuit", "Since", "Recent failures", "Under way"),
        numbers=frozenset({"Recent failures", "Under way"}),
        rows=[
            (
                name if state.is_shared else f"{name} (seen by this process alone)",
                badge(state.status.value, GATE_TONES),
                moment(state.since),
                str(state.recent_failures),
                f"{state.slots_in_use} of {state.slots}",
            )
            for name, state in states.items()
        ],
    )


def _floor(at: datetime, *, minutes: int) -> datetime:
    return at.replace(minute=at.minute // minutes * minutes, second=0, microsecond=0)
