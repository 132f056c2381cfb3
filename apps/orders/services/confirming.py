"""Confirm an authorised order, or hold it for a person to look at."""

from django.conf import settings

from apps.kernel.events.orders import OrderConfirmed, OrderHeld
from apps.orders.domain.statuses import OrderStatus
from apps.orders.services.changing import Change


def confirm_or_hold(change: Change) -> None:
    """Confirm the order unless a rule wants a review: `OMS_REVIEW_ABOVE_MINOR` minor units and more.

    0 holds nothing. A held order stays `payment_authorized`.
    """
    limit = settings.OMS_REVIEW_ABOVE_MINOR
    if limit and change.order.total_minor >= limit:
        reason = "The total is above the limit for review"
        change.step(f"Held for review: {reason.lower()}")
        change.publish(OrderHeld(order_id=change.order.id, reason=reason))
        return
    confirm(change, "Order confirmed")


def confirm(change: Change, what: str) -> None:
    """Promise the order: payment_authorized → confirmed."""
    order = change.order
    order.confirm()
    change.step(what, before=OrderStatus.PAYMENT_AUTHORIZED)
    change.publish(
        OrderConfirmed(
            order_id=order.id,
            number=order.number,
            customer_id=order.customer_id,
            currency=order.currency,
            total_minor=order.total_minor,
        )
    )
