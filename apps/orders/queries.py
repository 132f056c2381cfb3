"""Reading orders. Whoever asks names the customer it may see; None sees all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncHour, TruncMinute

from apps.kernel.identifiers import CustomerId, OrderId, id_at, read_id
from apps.kernel.order_number import normalise
from apps.orders.domain.refusals import OrderNotFound
from apps.orders.domain.statuses import UNSETTLED, OrderStatus
from apps.orders.models import CreditNote, Order, OrderItem, OrderRefund, OrderStep

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""No id is older, so an earlier bound means the same."""


def get_order(reference: str, *, customer_id: CustomerId | None) -> Order:
    """Give one order by id or number.

    Raises:
        OrderNotFound: there is none, or it is somebody else's.
        InvalidOrderNumber: it is neither an id nor a number; its check character tells typing errors.
    """
    orders = (
        Order.objects.all()
        if customer_id is None
        else Order.objects.filter(customer_id=customer_id)
    )
    order_id = read_id(OrderId, reference)
    found = orders.filter(id=order_id) if order_id else orders.filter(number=normalise(reference))
    order = found.first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order


def list_items(order_ids: Sequence[OrderId]) -> dict[OrderId, list[OrderItem]]:
    """Give the items of orders, by order, in one query."""
    items: dict[OrderId, list[OrderItem]] = {order_id: [] for order_id in order_ids}
    for item in OrderItem.objects.filter(order_id__in=order_ids).order_by("order_id", "position"):
        items[OrderId(item.order_id)].append(item)
    return items


def list_steps(order_id: OrderId) -> list[OrderStep]:
    """Give the history of an order, oldest first."""
    return list(OrderStep.objects.filter(order_id=order_id).order_by("position"))


def list_refunds(order_id: OrderId) -> list[OrderRefund]:
    """Give the refunds of an order, oldest first."""
    return list(OrderRefund.objects.filter(order_id=order_id).order_by("nth"))


def list_credit_notes(order_id: OrderId) -> list[CreditNote]:
    """Give the credit notes of an order, oldest first."""
    return list(CreditNote.objects.filter(order_id=order_id).order_by("issued_at", "number"))


def find_status(order_id: OrderId) -> OrderStatus | None:
    """Read where an order stands just now."""
    status = Order.objects.filter(id=order_id).values_list("status", flat=True).first()
    return None if status is None else OrderStatus(status)


def is_settled(order_id: OrderId) -> bool:
    """Whether the placement is through for now: nothing happens before somebody decides something.

    An order that its customer has to approve, or that is held for review, is.
    """
    return (
        Order.objects.filter(id=order_id)
        .filter(~Q(payment_action_url="") | ~Q(status__in=UNSETTLED))
        .exists()
    )


def list_orders(
    *,
    customer_id: CustomerId | None = None,
    status: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> QuerySet[Order]:
    """Give the orders that fit, newest first; times become bounds of the id and so of partitions."""
    orders = Order.objects.order_by("-id")
    if customer_id is not None:
        orders = orders.filter(customer_id=customer_id)
    if status is not None:
        orders = orders.filter(status=status)
    if created_after is not None:
        orders = orders.filter(id__gte=id_at(max(created_after, _EPOCH)))
    if created_before is not None:
        orders = orders.filter(id__lt=id_at(max(created_before, _EPOCH)))
    return orders


UNDER_WAY = (
    OrderStatus.CREATED,
    OrderStatus.PAYMENT_PENDING,
    OrderStatus.PAYMENT_AUTHORIZED,
    OrderStatus.CANCELLATION_PENDING,
)
"""States in which an order waits for somebody, and not for long when all is well."""
STUCK_AFTER = timedelta(minutes=5)


def stuck_orders(orders: QuerySet[Order], *, now: datetime) -> QuerySet[Order]:
    """Narrow orders to those under way that nothing has happened to for five minutes."""
    return orders.filter(status__in=UNDER_WAY, updated_at__lt=now - STUCK_AFTER)


def count_placed_by_minute(*, since: datetime) -> dict[datetime, int]:
    """Count the orders placed in each minute; minutes without any are left out."""
    rows = (
        list_orders(created_after=since)
        .order_by()
        .annotate(minute=TruncMinute("created_at"))
        .values_list("minute")
        .annotate(orders=Count("id"))
    )
    return dict(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSum:
    """Orders placed in one hour, of one status and currency; the total is in minor units."""

    hour: datetime
    status: str
    currency: str
    orders: int
    total_minor: int


def sum_by_hour(*, since: datetime) -> list[OrderSum]:
    """Sum up the orders by the hour they were placed in, their status of today and currency."""
    rows = (
        list_orders(created_after=since)
        .order_by()
        .annotate(hour=TruncHour("created_at"))
        .values_list("hour", "status", "currency")
        .annotate(orders=Count("id"), total=Sum("total_minor"))
    )
    return [
        OrderSum(hour=hour, status=status, currency=currency, orders=orders, total_minor=total)
        for hour, status, currency, orders, total in rows
    ]
