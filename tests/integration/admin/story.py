"""A day in the shop: orders in every state, stock that moved, an event that cannot be handled."""

from dataclasses import dataclass

from django.utils import timezone

from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.payments.services.decide_approval import decide_approval
from apps.payments.services.handle_messages import handle_messages
from apps.platform.outbox.models import ParkedKey, StoredEvent
from apps.platform.outbox.parking import bury
from tests.conftest import make_cause
from tests.integration.shop import payment_of, place, settled, stock, work_off

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


def make_day() -> Day:
    """Place the orders and let the saga run until nothing moves."""
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
    return day


def bury_event_of(order: Order) -> ParkedKey:
    """Make the newest event of an order a dead letter."""
    event = StoredEvent.objects.filter(key=order.id).order_by("-event_id")[0]
    bury(subscriber=SUBSCRIBER, key=order.id, event_id=event.event_id)
    return ParkedKey.objects.get(key=order.id)
