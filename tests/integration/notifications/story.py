"""Events as notifications receives them, and the messages that come of them."""

import itertools
import uuid
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone

from apps.kernel.events import Event
from apps.kernel.events.customers import CustomerChanged, CustomerRegistered
from apps.kernel.events.orders import OrderCreated, OrderedItem
from apps.kernel.identifiers import new_id
from apps.notifications import handlers
from apps.notifications.models import Message
from apps.platform.outbox.delivered import Delivered
from tests.conftest import make_cause

E = TypeVar("E", bound=Event)

# Far from the few that tests name themselves: one event is told of once.
_event_ids = itertools.count(1_000_000)


def delivered(event: E, *, event_id: int | None = None) -> Delivered[E]:
    """Wrap an event as the bus does; events are numbered in the order they are wrapped."""
    return Delivered(
        event=event,
        event_id=next(_event_ids) if event_id is None else event_id,
        occurred_at=timezone.now(),
        handed_at=timezone.now(),
        key=event.key,
        origin=make_cause(),
    )


def registered(customer_id: uuid.UUID, **profile: Any) -> CustomerRegistered:
    """Tell of a registration."""
    return CustomerRegistered(**_profile(customer_id, profile))


def changed(customer_id: uuid.UUID, **profile: Any) -> CustomerChanged:
    """Tell of a changed profile."""
    return CustomerChanged(**_profile(customer_id, profile))


def known_customer(**profile: Any) -> uuid.UUID:
    """Have notifications know a customer."""
    customer_id = new_id()
    handlers.take_over_profiles([delivered(registered(customer_id, **profile))])
    return customer_id


def created(customer_id: uuid.UUID, **order: Any) -> OrderCreated:
    """Tell of an order of two lines."""
    return OrderCreated(
        **{
            "order_id": new_id(),
            "number": "7KQ3-M2XP-C",
            "customer_id": customer_id,
            "currency": "EUR",
            "total_minor": 5470,
            "country": "DE",
            "items": (
                OrderedItem(sku="SKU-A", name="Oak Mug", quantity=2, unit_price_minor=1990),
                OrderedItem(sku="SKU-B", name="Wool Lamp", quantity=1, unit_price_minor=1000),
            ),
            **order,
        }
    )


def received_message(customer_id: uuid.UUID) -> Message:
    """Have a receipt queued for a customer and give it."""
    order = created(customer_id)
    handlers.tell_of_receipt([delivered(order)])
    return Message.objects.get(order_id=order.order_id)


def _profile(customer_id: uuid.UUID, profile: dict[str, Any]) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "name": "Ada Example",
        "email": "ada@example.com",
        "phone": "",
        "locale": "en",
        "region": "test",
        "wants_email": True,
        "wants_sms": False,
        **profile,
    }


def again(message: Message) -> Message:
    return Message.objects.get(id=message.id)


def age(message: Message, **fields: timedelta) -> None:
    """Move times of a message into the past."""
    now = timezone.now()
    Message.objects.filter(id=message.id).update(
        **{name: now - span for name, span in fields.items()}
    )
