"""Call an order off, and end it once nothing is owed for it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderCancellationRequested, OrderCancelled
from apps.orders.domain.refusals import IllegalTransition, OrderNotFound
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.services.changing import Change, change_orders, lock_orders


def cancel_order(
    *, order_id: UUID, reason: CancelReason, detail: str, cause: Cause, now: datetime
) -> Order:
    """Ask for an order to be called off: stock is released and the payment undone first.

    Asking again changes nothing and publishes nothing.

    Raises:
        OrderNotFound: no such order.
        IllegalTransition: it is too far on; a return is the only way back.
    """
    with transaction.atomic(savepoint=False):
        order = lock_orders([order_id]).get(order_id)
        if order is None:
            raise OrderNotFound("There is no such order.")
        if order.is_being_cancelled:
            return order
        if not order.is_cancellable:
            raise IllegalTransition(
                f"The order is {order.status} and cannot be cancelled.", status=order.status
            )
        change_orders(
            [order_id],
            order_id=lambda one: one,
            cause=lambda one: cause,
            decide=lambda change, _: call_off(change, reason, detail, owes_stock=True),
            now=now,
        )
        return Order.objects.get(id=order_id)


def call_off(change: Change, reason: CancelReason, detail: str, *, owes_stock: bool) -> None:
    """Start the cancellation: whoever holds something for the order is asked to give it back.

    Payments is owed an answer from the moment it was asked for the money.
    """
    order = change.order
    before = order.status
    order.request_cancellation(
        reason=reason,
        detail=detail,
        owes_stock=owes_stock,
        owes_payment=before != OrderStatus.CREATED,
    )
    change.step(f"Cancellation requested: {reason.replace('_', ' ')}", before=before)
    change.publish(OrderCancellationRequested(order_id=order.id, reason=reason))


def end(
    change: Change,
    reason: CancelReason | str,
    detail: str,
    *,
    short_skus: tuple[str, ...] = (),
) -> None:
    """End the order: nothing is owed for it any more."""
    order = change.order
    before = order.status
    order.cancel(reason=reason, detail=detail)
    change.step(f"Order cancelled: {reason.replace('_', ' ')}", before=before)
    change.publish(
        OrderCancelled(
            order_id=order.id,
            number=order.number,
            customer_id=order.customer_id,
            reason=reason,
            detail=detail,
            short_skus=short_skus,
        )
    )


def finish_when_nothing_is_owed(change: Change) -> None:
    """End a cancellation whose last answer has come."""
    order = change.order
    if not order.owes_stock and not order.owes_payment:
        end(change, order.cancel_reason, order.cancel_detail)
