"""What the event bus adds to the page of an order, and the tables of its own pages."""

from collections.abc import Iterable
from datetime import timedelta

from django.urls import reverse

from apps.kernel.identifiers import OrderId, time_of
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.charts import Bar, bars
from apps.platform.backoffice.formatting import Tone, badge, duration, link, moment
from apps.platform.backoffice.panels import Panel, Table, order_panel
from apps.platform.outbox.lag import Lag
from apps.platform.outbox.models import Delivery, ParkedKey, StoredEvent

PARKED_TONES = {"dead": Tone.DANGER, "tried again": Tone.WARNING}
LATE_SECONDS = 10
FULL_BAR_SECONDS = 60
_CLOCK_SKEW = timedelta(minutes=1)


@order_panel("Events", position=60, permission="platform_outbox.view_storedevent")
def show_events(order_id: OrderId) -> Panel:
    """List the facts of an order's story, and what of it has not been heard by everybody."""
    events = list(
        # The bound leaves the partitions of the days before the order alone.
        StoredEvent.objects.filter(key=order_id, occurred_at__gte=time_of(order_id) - _CLOCK_SKEW)
        .order_by("occurred_at", "event_id")
        .defer("payload")
    )
    waiting: dict[int, list[str]] = {}
    for one in Delivery.objects.filter(key=order_id).order_by("event_id", "subscriber"):
        waiting.setdefault(one.event_id, []).append(one.subscriber)
    parked = list(ParkedKey.objects.filter(key=order_id).order_by("id"))
    return Panel(
        alert=_alert(parked),
        tables=(parked_table(parked), events_table(events, waiting)),
        note="" if events else "No event is stored any more.",
    )


def state_of(parked: ParkedKey) -> str:
    """Say in words where a parked key stands."""
    return "dead" if parked.dead else "tried again"


def parked_table(parked: Iterable[ParkedKey]) -> Table:
    """List the subscribers that failed."""
    return Table(
        headings=("Parked for", "State", "Attempts", "Next try", "Error"),
        numbers=frozenset({"Attempts"}),
        rows=[
            (
                link(reverse("admin:platform_outbox_parkedkey_change", args=[one.id]), str(one)),
                badge(state_of(one), PARKED_TONES),
                str(one.attempts),
                moment(None if one.dead else one.next_at),
                one.error,
            )
            for one in parked
        ],
    )


def events_table(events: Iterable[StoredEvent], waiting: dict[int, list[str]]) -> Table:
    """List facts, the oldest first, with the subscribers that have yet to hear them."""
    listed = list(events)
    names = name_actors(event.actor for event in listed)
    return Table(
        headings=("When", "Event", "No.", "By", "Still to hear it"),
        numbers=frozenset({"No."}),
        rows=[
            (
                moment(event.occurred_at),
                event.type,
                str(event.seq),
                names[event.actor],
                ", ".join(waiting.get(event.event_id, [])),
            )
            for event in listed
        ],
    )


def lag_bars(lags: Iterable[Lag]) -> list[Bar]:
    """Draw how old the oldest waiting event of each subscriber is; a minute fills the width."""
    listed = list(lags)
    return bars(
        {lag.subscriber: lag.oldest_seconds for lag in listed},
        texts={lag.subscriber: _lag_text(lag) for lag in listed},
        tones={lag.subscriber: _lag_tone(lag) for lag in listed},
        full=FULL_BAR_SECONDS,
    )


def _lag_text(lag: Lag) -> str:
    dead = f", {lag.dead} dead" if lag.dead else ""
    if not lag.waiting:
        return f"up to date{dead}"
    return f"{duration(timedelta(seconds=lag.oldest_seconds))}, {lag.waiting:,} waiting{dead}"


def _lag_tone(lag: Lag) -> Tone:
    if lag.dead:
        return Tone.DANGER
    return Tone.WARNING if lag.oldest_seconds > LATE_SECONDS else Tone.SUCCESS


def _alert(parked: Iterable[ParkedKey]) -> str:
    dead = [one.subscriber for one in parked if one.dead]
    if not dead:
        return ""
    return f"{', '.join(dead)} gave up on this order: operations has to retry or skip the event."
