"""Confirm an order that was held for review. Turning one down is a cancellation like others."""

from datetime import datetime

from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId
from apps.orders.domain.refusals import IllegalTransition
from apps.orders.domain.statuses import OrderStatus
from apps.orders.models import Order
from apps.orders.services.changing import Change, change_order
from apps.orders.services.confirming import confirm


def release_order(*, order_id: OrderId, cause: Cause, now: datetime) -> Order:
    """Confirm a held order and give it as it is now. Releasing a confirmed one changes nothing.

    Raises:
        OrderNotFound: no such order.
        IllegalTransition: it is not held (any more).
    """

    def decide(change: Change) -> None:
        status = change.order.status
        if status == OrderStatus.CONFIRMED:
            return
        if status != OrderStatus.PAYMENT_AUTHORIZED:
            raise IllegalTransition(f"The order is {status}, not held for review.", status=status)
        confirm(change, "Released after review")

    return change_order(order_id, decide, cause=cause, now=now)
