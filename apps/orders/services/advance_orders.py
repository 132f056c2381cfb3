"""The saga of placement, as orders sees it: what each fact of other contexts means for an order.

Every function takes many facts at once. A fact that comes too late moves the order nowhere; what it
says of the money is noted on the order and in its history all the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.kernel.events.inventory import (
    InventoryReleased,
    InventoryReserved,
    InventoryUnavailable,
)
from apps.kernel.events.orders import OrderPaymentPending, PaymentAlternative
from apps.kernel.events.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentFailed,
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
    end,
    finish_when_nothing_is_owed,
    settle_payment,
)
from apps.orders.services.changing import Change, apply_heard
from apps.orders.services.confirming import confirm_or_hold
from apps.orders.services.mark_refunds import mark_refunds
from apps.platform.outbox.delivered import Delivered

_WAITING_WITH_STOCK = (OrderStatus.PAYMENT_PENDING, OrderStatus.PAYMENT_AUTHORIZED)
"""States in which an order needs its reservation; an authorised order is held for review."""
_DROPPED = ("canceled", "The payment was called off before it was completed.")
_EXPIRED = (
    "authorization_expired",
    "The payment was not charged before its authorisation ran out. Please order again.",
)
"""Why an order is called off whose authorisation is gone: code and sentence, for the customer."""


def ask_for_payment(batch: Sequence[Delivered[InventoryReserved]], *, now: datetime) -> None:
    """Stock is held: created → payment_pending."""

    def decide(change: Change, heard: Delivered[InventoryReserved]) -> None:
        order = change.order
        if order.status != OrderStatus.CREATED:
            return
        order.await_payment()
        change.step("Stock reserved", before=OrderStatus.CREATED)
        change.publish(
            OrderPaymentPending(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                currency=order.currency,
                total_minor=order.total_minor,
                provider=order.payment_provider,
                method_type=order.payment_method_type,
                method_token=order.payment_token,
                rule=order.payment_rule,
                alternatives=tuple(
                    PaymentAlternative(provider=one["provider"], token=one["token"])
                    for one in order.payment_alternatives
                ),
            )
        )

    apply_heard(batch, decide, now)


def give_up_without_stock(
    batch: Sequence[Delivered[InventoryUnavailable]], *, now: datetime
) -> None:
    """Stock cannot be had: the order is cancelled, after its payment was undone where there is one."""

    def decide(change: Change, heard: Delivered[InventoryUnavailable]) -> None:
        order = change.order
        short = tuple(shortage.sku for shortage in heard.event.shortages)
        detail = f"Not enough stock of {', '.join(short)}."
        if order.status == OrderStatus.CREATED:
            end(change, CancelReason.OUT_OF_STOCK, detail, short_skus=short)
        elif order.is_cancellable:
            call_off(change, CancelReason.OUT_OF_STOCK, detail, owes_stock=False, short_skus=short)
        elif order.status == OrderStatus.CANCELLATION_PENDING and order.owes_stock:
            order.owes_stock = False
            change.step("No stock was held")
            finish_when_nothing_is_owed(change)

    apply_heard(batch, decide, now)


def note_release(batch: Sequence[Delivered[InventoryReleased]], *, now: datetime) -> None:
    """Stock was given back: a cancellation comes closer, an expiry starts one."""

    def decide(change: Change, heard: Delivered[InventoryReleased]) -> None:
        order = change.order
        if order.status == OrderStatus.CANCELLATION_PENDING and order.owes_stock:
            order.owes_stock = False
            change.step("Stock released")
            finish_when_nothing_is_owed(change)
        elif heard.event.reason == "expired" and order.status in _WAITING_WITH_STOCK:
            call_off(
                change,
                CancelReason.RESERVATION_EXPIRED,
                "It took longer than we could hold the goods.",
                owes_stock=False,
            )

    apply_heard(batch, decide, now)


def show_action(batch: Sequence[Delivered[PaymentActionRequired]], *, now: datetime) -> None:
    """The customer has to approve the payment: keep where to send them."""

    def decide(change: Change, heard: Delivered[PaymentActionRequired]) -> None:
        if change.order.status == OrderStatus.PAYMENT_PENDING:
            _note_provider(change.order, heard.event.provider)
            change.order.payment_status = "requires_action"
            change.order.payment_action_url = heard.event.redirect_url
            change.step("Customer must approve the payment")

    _apply_to_payments(batch, decide, now)


def confirm_orders(batch: Sequence[Delivered[PaymentAuthorized]], *, now: datetime) -> None:
    """Money is reserved: payment_pending → payment_authorized → confirmed, or held for review."""

    def decide(change: Change, heard: Delivered[PaymentAuthorized]) -> None:
        order = change.order
        if order.status != OrderStatus.PAYMENT_PENDING:
            return
        _note_provider(order, heard.event.provider)
        order.accept_payment()
        change.step("Payment authorized", before=OrderStatus.PAYMENT_PENDING)
        confirm_or_hold(change)

    _apply_to_payments(batch, decide, now)


def give_up_without_payment(batch: Sequence[Delivered[PaymentFailed]], *, now: datetime) -> None:
    """There will be no payment: the order is cancelled, or its cancellation comes closer."""

    def decide(change: Change, heard: Delivered[PaymentFailed]) -> None:
        order = change.order
        if order.status == OrderStatus.PAYMENT_PENDING:
            _note_provider(order, heard.event.provider)
            order.payment_status = "failed"
            end(
                change,
                CancelReason.PAYMENT_FAILED,
                heard.event.detail,
                code=heard.event.code,
            )
        elif order.payment_status:  # without one no payment was asked for: none can have failed
            settle_payment(change, "failed", "Payment failed")

    _apply_to_payments(batch, decide, now)


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

    _apply_to_payments(batch, decide, now)


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

    _apply_to_payments(batch, decide, now)


def note_void(batch: Sequence[Delivered[PaymentVoided]], *, now: datetime) -> None:
    """The authorisation is gone; where nobody asked for that, the order is called off."""

    def decide(change: Change, heard: Delivered[PaymentVoided]) -> None:
        order = change.order
        has_expired = heard.event.has_expired
        code, detail = _EXPIRED if has_expired else _DROPPED
        settle_payment(change, "voided", _what_to_do(order) if has_expired else "Payment voided")
        if order.is_cancellable:
            call_off(change, CancelReason.PAYMENT_FAILED, detail, owes_stock=True, code=code)
            order.owes_payment = False  # nothing is left of it, so nobody will answer

    _apply_to_payments(batch, decide, now)


def note_failed_void(batch: Sequence[Delivered[PaymentVoidFailed]], *, now: datetime) -> None:
    """An authorisation could not be dropped: the cancellation stays open and shows why."""

    def decide(change: Change, heard: Delivered[PaymentVoidFailed]) -> None:
        change.order.payment_status = "void_failed"
        change.step(f"Void failed ({heard.event.code}); customer service has to look at it")

    _apply_to_payments(batch, decide, now)


def note_refund(batch: Sequence[Delivered[PaymentRefunded]], *, now: datetime) -> None:
    """Money went back to the customer: all of it, or for one of the refunds asked for."""

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

    with transaction.atomic(savepoint=False):
        _apply_to_payments(batch, decide, now)
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
        _apply_to_payments(batch, decide, now)
        causes = {one.event.order_id: one.cause_on_behalf for one in batch}
        stands = {one.event.order_id: one.event.refunded_minor for one in batch}
        mark_refunds(stands, causes=causes, now=now, is_failing=True)


def _apply_to_payments(
    batch: Sequence[Delivered[Any]], decide: Callable[[Change, Delivered[Any]], None], now: datetime
) -> None:
    """Apply `decide` to the order of each event heard; an order that is written then names its payment.

    Any of them may be the first that is heard of it: of an order that was called off while it was
    authorised, that it was voided.
    """

    def decide_on_named(change: Change, heard: Delivered[Any]) -> None:
        change.order.payment_id = heard.event.payment_id
        decide(change, heard)

    apply_heard(batch, decide_on_named, now)


def _what_to_do(order: Order) -> str:
    """Say that an authorisation ran out, and what is to be done about it."""
    if order.is_cancellable:
        return (
            "Payment authorisation expired before it was charged: the customer has to order again"
        )
    if order.status in (OrderStatus.CANCELLATION_PENDING, OrderStatus.CANCELLED):
        return "Payment authorisation expired"
    return "Payment authorisation expired before it was charged: ask the customer to pay again"


def _note_provider(order: Order, provider: str) -> None:
    """Say who really takes the money: another one may have stood in for whoever was chosen."""
    order.payment_provider = provider or order.payment_provider
