"""Keep what later messages about an order need to say."""

from collections.abc import Iterable, Sequence

from apps.kernel.events.orders import OrderCreated
from apps.kernel.identifiers import OrderId
from apps.notifications.models import KnownOrder
from apps.platform.bulk import insert_missing, new_row


class OrderNotKnown(LookupError):
    """A message is about an order whose placement was never heard of; its events are parked."""


def remember_orders(*, orders: Sequence[OrderCreated]) -> None:
    """Store orders, in one statement; one that is known already stays as it is."""
    insert_missing(
        [
            new_row(
                KnownOrder,
                order_id=order.order_id,
                number=order.number,
                customer_id=order.customer_id,
                currency=order.currency,
                total_minor=order.total_minor,
                items=[
                    {
                        "sku": item.sku,
                        "name": item.name,
                        "quantity": item.quantity,
                        "unit_price_minor": item.unit_price_minor,
                    }
                    for item in order.items
                ],
            )
            for order in orders
        ]
    )


def recall_orders(order_ids: Iterable[OrderId]) -> dict[OrderId, KnownOrder]:
    """Give all of the orders, by id.

    Raises:
        OrderNotKnown: one of them was never heard of.
    """
    wanted = set(order_ids)
    known = KnownOrder.objects.defer("items").in_bulk(wanted)
    unknown = wanted - known.keys()
    if unknown:
        raise OrderNotKnown(", ".join(sorted(map(str, unknown))))
    return known
