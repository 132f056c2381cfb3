"""Decide on an order that is held for review: release it, or turn it down."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.cause import Cause
from apps.orders.domain.refusals import IllegalTransition, OrderNotFound
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.services.cancel_order import call_off
from apps.orders.services.changing import Change, change_orders, lock_orders
from apps.orders.services.confirming import confirm


def release_order(*, order_id: UUID, cause: Cause, now: datetime) -> None:
    """Confirm an order that was held. Releasing a confirmed one changes nothing.

    Raises:
        OrderNotFound: no such order.
        IllegalTransition: it is not held (any more).
    """
    with transaction.atomic():
        if _held(order_id, settled=OrderStatus.CONFIRMED) is not None:
            _change(order_id, cause, now, lambda change: confirm(change, "Released after review"))


def reject_order(*, order_id: UUID, detail: str, cause: Cause, now: datetime) -> None:
    """Call off an order that was held; its authorisation is voided. Asking again changes nothing.

    Raises:
        OrderNotFound: no such order.
        IllegalTransition: it is not held (any more).
    """
    with transaction.atomic():
        if _held(order_id, settled=OrderStatus.CANCELLATION_PENDING) is not None:
            _change(
                order_id,
                cause,
                now,
                lambda change: call_off(
                    change, CancelReason.REVIEW_REJECTED, detail, owes_stock=True
                ),
            )


def _held(order_id: UUID, *, settled: OrderStatus) -> Order | None:
    """Lock the order; None where the decision was taken before."""
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    if order.status == settled:
        return None
    if order.status != OrderStatus.PAYMENT_AUTHORIZED:
        raise IllegalTransition(
            f"The order is {order.status}, not held for review.", status=order.status
        )
    return order


def _change(order_id: UUID, cause: Cause, now: datetime, decide: Callable[[Change], None]) -> None:
    change_orders(
        [order_id],
        order_id=lambda one: one,
        cause=lambda _: cause,
        decide=lambda change, _: decide(change),
        now=now,
    )
