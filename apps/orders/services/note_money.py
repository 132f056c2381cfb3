"""What facts of payments say of an order's money once it was authorised: charged, let go, given back, or not.

Every function takes many facts at once, and notes them on the order and in its history; where the order
cannot go on without the money, it is called off.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.events.payments import (
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)
from apps.kernel.money import Money
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.services.add_external_refunds import add_external_refunds
from apps.orders.services.cancel_order import (
    CHARGED_BACK,
    NOTHING_LEFT,
    call_off,
    call_off_unpaid,
    settle_payment,
)
from apps.orders.services.changing import Change, apply_heard_of_payment
from apps.orders.services.mark_refunds import mark_refunds
from apps.platform.outbox.delivered import Delivered

_EXPIRED = "The payment was not charged before its authorisation ran out. Please order again."


def note_capture(batch: Sequence[Delivered[PaymentCaptured]], *, now: datetime) -> None:
    """The amount was charged."""

    def decide(change: Change, heard: Delivered[PaymentCaptured]) -> None:
        order, charged_minor = change.order, heard.event.amount_minor
        order.payment_status = "captured"
        order.captured_minor = charged_minor
        is_part = charged_minor < order.total_minor
        charged = Money(charged_minor, order.currency)
        part = f": {charged} of {Money(order.total_minor, order.currency)}" if is_part else ""
        change.step(f"Payment captured{part}")

    apply_heard_of_payment(batch, decide, now)


def give_up_without_capture(
    batch: Sequence[Delivered[PaymentCaptureFailed]], *, now: datetime
) -> None:
    """The amount cannot be charged: the order is called off, unless it has gone too far for that.

    Nor is it where money has gone back already: the rest of what was never charged would follow.
    """

    def decide(change: Change, heard: Delivered[PaymentCaptureFailed]) -> None:
        order, event = change.order, heard.event
        if event.refunded_minor:
            went = Money(event.refunded_minor, event.currency)
            change.step(
                f"Capture failed ({event.code}) after a refund of {went}; finance has to look"
            )
            if order.payment_status not in NOTHING_LEFT:
                order.payment_status = "capture_failed"
            return
        order.payment_status = "capture_failed"
        change.step(f"Capture failed ({event.code})")
        if order.is_cancellable:
            call_off(
                change,
                CancelReason.PAYMENT_FAILED,
                event.detail,
                owes_stock=True,
                code=event.code,
            )

    apply_heard_of_payment(batch, decide, now)


def note_void(batch: Sequence[Delivered[PaymentVoided]], *, now: datetime) -> None:
    """The authorisation is gone; an order that was still to be paid by it is called off."""

    def decide(change: Change, heard: Delivered[PaymentVoided]) -> None:
        order = change.order
        if not heard.event.has_expired:
            settle_payment(change, "voided", "Payment voided")
            call_off_unpaid(change)
            return
        settle_payment(change, "voided", _what_to_do(order))
        if order.is_cancellable:
            reason, code = CancelReason.PAYMENT_FAILED, "authorization_expired"
            call_off(change, reason, _EXPIRED, owes_stock=True, code=code)

    apply_heard_of_payment(batch, decide, now)


def note_failed_void(batch: Sequence[Delivered[PaymentVoidFailed]], *, now: datetime) -> None:
    """An authorisation could not be dropped: the cancellation stays open and shows why."""

    def decide(change: Change, heard: Delivered[PaymentVoidFailed]) -> None:
        change.order.payment_status = "void_failed"
        change.step(f"Void failed ({heard.event.code}); customer service has to look at it")

    apply_heard_of_payment(batch, decide, now)


def note_refund(batch: Sequence[Delivered[PaymentRefunded]], *, now: datetime) -> None:
    """Money went back to the customer: all of it, or for one of the refunds asked for.

    An order that goes on, whose payment was let go, is called off once nothing of it is left: it was charged
    before it could be let go.
    """

    def decide(change: Change, heard: Delivered[PaymentRefunded]) -> None:
        event = heard.event
        change.order.lost_minor = max(change.order.lost_minor, event.lost_minor)
        if event.refunded_minor >= change.order.captured_minor:
            settle_payment(change, "refunded", "Payment refunded")
        elif event.refunded_minor + event.lost_minor >= change.order.captured_minor:
            settle_payment(change, CHARGED_BACK, "Payment refunded, but for what is lost")
        else:
            change.order.payment_status = "partially_refunded"
            change.step(f"Refunded {Money(event.amount_minor, event.currency)}")
        if event.is_unwanted and change.order.payment_status in NOTHING_LEFT:
            call_off_unpaid(change)

    with transaction.atomic(savepoint=False):
        apply_heard_of_payment(batch, decide, now)
        causes = {one.event.order_id: one.cause_on_behalf for one in batch}
        wanted = {one.event.order_id: one.event.wanted_minor for one in batch}
        add_external_refunds(wanted, causes=causes, now=now)
        refunded = {one.event.order_id: one.event.refunded_minor for one in batch}
        mark_refunds(refunded, causes=causes, now=now)


def note_failed_refund(batch: Sequence[Delivered[PaymentRefundFailed]], *, now: datetime) -> None:
    """A refund did not go through: it stays open, as does a cancellation, and shows why."""

    def decide(change: Change, heard: Delivered[PaymentRefundFailed]) -> None:
        change.order.payment_status = "refund_failed"
        change.step(f"Refund failed ({heard.event.code}); customer service has to look at it")

    with transaction.atomic(savepoint=False):
        apply_heard_of_payment(batch, decide, now)
        causes = {one.event.order_id: one.cause_on_behalf for one in batch}
        stands = {one.event.order_id: one.event.refunded_minor for one in batch}
        mark_refunds(stands, causes=causes, now=now, is_failing=True)


def _what_to_do(order: Order) -> str:
    """Say that an authorisation ran out, and what is to be done about it."""
    if order.is_cancellable:
        return (
            "Payment authorisation expired before it was charged: the customer has to order again"
        )
    if order.status in (OrderStatus.CANCELLATION_PENDING, OrderStatus.CANCELLED):
        return "Payment authorisation expired"
    return "Payment authorisation expired before it was charged: ask the customer to pay again"
