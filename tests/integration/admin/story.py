"""A day in the shop: orders in every state, stock that moved, an event that cannot be handled."""

from dataclasses import dataclass, fields

from django.utils import timezone

from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.payments.services.decide_approval import decide_approval
from apps.payments.services.handle_messages import handle_messages
from apps.platform.outbox.models import ParkedKey, StoredEvent
from apps.platform.outbox.parking import bury
from tests.conftest import make_cause
from tests.emptying import list_filled
from tests.integration.shop import forget_outages, payment_of, place, settled, stock, work_off
from tests.snapshots import Snapshot

SUBSCRIBER = "payments.saga"


@dataclass(frozen=True, kw_only=True)
class Day:
    """The orders of the day."""

    confirmed: Order
    short: Order
    declined: Order
    waiting: Order
    approving: Order
    cancelled: Order


_lived: list[Snapshot[Day]] = []
"""The day as it was lived last in this process."""


def make_day() -> Day:
    """Give a day whose orders were placed and whose saga ran until nothing moved.

    Most tests of the back office begin with it, so it is lived once and put back for the others, up to
    three minutes later: calls that wait for a provider may be due again by then.
    """
    if list_filled():
        # Somebody was here before: what they made must not get into the days of others.
        return _live()
    if _lived and _lived[0].is_fresh:
        _lived[0].put_back()
        forget_outages()
        kept = _lived[0].made
        return Day(
            **{one.name: Order.objects.get(id=getattr(kept, one.name).id) for one in fields(kept)}
        )
    day = _live()
    _lived[:] = [Snapshot.take(day)]
    return day


def _live() -> Day:
    stock({"SKU-A": {"BER": 50, "RTM": 5}, "SKU-B": {"RTM": 9}})
    cancelled = settled(place([("SKU-A", 1)]))
    cancel_order(
        order_id=cancelled.id,
        reason=CancelReason.CUSTOMER_REQUEST,
        detail="changed my mind",
        cause=make_cause("customer:1"),
        now=timezone.now(),
    )
    placed = {
        "confirmed": place([("SKU-A", 2), ("SKU-B", 1)]),
        "short": place([("SKU-B", 99)]),
        "declined": place(token="tok_decline"),
        "waiting": place(token="tok_unavailable"),
        "approving": place(token="tok_requires_action"),
        "cancelled": cancelled,
    }
    approved = settled(place(token="tok_requires_action"))
    day = Day(**{name: Order.objects.get(id=order.id) for name, order in placed.items()})
    decide_approval(reference=payment_of(approved).authorization, approved=True, now=timezone.now())
    handle_messages(now=timezone.now())
    work_off()
    forget_outages()
    return day


def bury_event_of(order: Order) -> ParkedKey:
    """Make the newest event of an order a dead letter."""
    event = StoredEvent.objects.filter(key=order.id).order_by("-event_id")[0]
    bury(subscriber=SUBSCRIBER, key=order.id, event_id=event.event_id)
    return ParkedKey.objects.get(key=order.id)
