"""Call an order off, and end it once nothing is owed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderCancellationRequested, OrderCancelled
from apps.kernel.identifiers import OrderId
from apps.orders.domain.refusals import IllegalTransition
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.services.changing import Change, change_order

CHARGED_BACK = "charged_back"
"""What a payment is of which disputes were lost, and the rest, if any, was refunded."""
NOTHING_LEFT = ("refunded", "voided", "failed", CHARGED_BACK)
"""What a payment is that holds no money any more, and of which nobody will say so again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """An order that is called off, and where it stood before it was asked for."""

    order: Order
    before: OrderStatus

    @property
    def is_new(self) -> bool:
        """Whether this call began it."""
        return bool(self.order.status != self.before)


def cancel_order(
    *, order_id: OrderId, reason: CancelReason, detail: str, cause: Cause, now: datetime
) -> Cancellation:
    """Ask for an order to be called off: stock is released and the payment undone first.

    Asking again changes nothing and publishes nothing.

    Raises:
        OrderNotFound: no such order.
        IllegalTransition: it is too far on; a return is the only way back.
    """
    before: list[OrderStatus] = []

    def decide(change: Change) -> None:
        order = change.order
        before.append(OrderStatus(order.status))
        if order.is_being_cancelled:
            return
        if not order.is_cancellable:
            raise IllegalTransition(
                f"The order is {order.status} and cannot be cancelled.", status=order.status
            )
        call_off(change, reason, detail, owes_stock=True)

    order = change_order(order_id, decide, cause=cause, now=now)
    return Cancellation(order=order, before=before[0])


def call_off(
    change: Change,
    reason: CancelReason,
    detail: str,
    *,
    owes_stock: bool,
    short_skus: Sequence[str] = (),
    code: str = "",
) -> None:
    """Start the cancellation: whoever holds something for the order is asked to give it back.

    `code` is why its payment failed, where that is the reason. Payments is owed an answer from the
    moment it was asked for the money, until all of it is back.
    """
    order = change.order
    before = order.status
    order.request_cancellation(
        reason=reason,
        detail=detail,
        short_skus=short_skus,
        owes_stock=owes_stock,
        owes_payment=before != OrderStatus.CREATED and order.payment_status not in NOTHING_LEFT,
        code=code,
    )
    change.step(f"Cancellation requested: {reason.replace('_', ' ')}", before=before)
    change.publish(OrderCancellationRequested(order_id=order.id, reason=reason))


def call_off_unpaid(change: Change) -> None:
    """Call an order off of whose payment nothing is left, unless it is called off or has gone too far."""
    if change.order.is_cancellable:
        detail = "The payment was let go, and so the order was called off."
        call_off(change, CancelReason.PAYMENT_VOIDED, detail, owes_stock=True)


def end(
    change: Change,
    reason: CancelReason | str,
    detail: str,
    *,
    short_skus: Sequence[str] = (),
    code: str = "",
) -> None:
    """End the order: nothing is owed for it any more; `code` is why its payment failed, if that is why."""
    order = change.order
    before = order.status
    order.cancel(reason=reason, detail=detail, short_skus=short_skus, code=code)
    change.step(f"Order cancelled: {reason.replace('_', ' ')}", before=before)
    change.publish(
        OrderCancelled(
            order_id=order.id,
            number=order.number,
            customer_id=order.customer_id,
            reason=reason,
            detail=detail,
            short_skus=tuple(short_skus),
            code=code,
        )
    )


def finish_when_nothing_is_owed(change: Change) -> None:
    """End a cancellation whose last answer has come."""
    order = change.order
    if not order.owes_stock and not order.owes_payment:
        end(
            change,
            order.cancel_reason,
            order.cancel_detail,
            short_skus=order.short_skus,
            code=order.cancel_code,
        )


def settle_payment(change: Change, payment_status: str, what: str) -> None:
    """Note that nothing of the money is with us any more; a cancellation that waited for it comes closer."""
    order = change.order
    order.payment_status = payment_status
    change.step(what)
    if order.status == OrderStatus.CANCELLATION_PENDING and order.owes_payment:
        order.owes_payment = False
        finish_when_nothing_is_owed(change)
