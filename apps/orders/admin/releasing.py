"""Letting an order go on that was held for review."""

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.kernel.identifiers import OrderId
from apps.orders.admin.page import order_in_question
from apps.orders.domain.statuses import OrderStatus
from apps.orders.models import Order
from apps.orders.services.release_order import release_order
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question


def release_question(order: Order, *, back: str) -> Question:
    """Ask whether to let the order go on."""
    return Question(
        title=f"Release order {order.number}",
        explanation="The order is confirmed and the payment is charged. To turn it down, cancel it.",
        submit="Release the order",
        back=back,
        panel=order_in_question(order),
    )


def release_for_agent(request: HttpRequest, *, order_id: OrderId, reason: str) -> None:
    """Release an order and write down who did.

    Raises:
        OrderNotFound, IllegalTransition: see `release_order`. Nothing is written down.
    """
    with transaction.atomic():
        released = release_order(order_id=order_id, cause=cause_of(request), now=timezone.now())
        record_deed(
            request,
            action="orders.release",
            subject_type="order",
            subject_id=order_id,
            reason=reason,
            changes={"status": [OrderStatus.PAYMENT_AUTHORIZED, released.status]},
        )
