"""The saga of placement, as orders sees it: what each fact of other contexts means for an order.

Every function takes many facts at once. A fact that comes too late moves the order nowhere; what it
says of the money is noted on the order and in its history all the same. What becomes of the money once
an order is confirmed is in `note_money.py`.
"""

from collections.abc import Sequence
from datetime import datetime

from apps.kernel.events.inventory import (
    InventoryReleased,
    InventoryReserved,
    InventoryUnavailable,
)
from apps.kernel.events.orders import OrderPaymentPending, PaymentAlternative
from apps.kernel.events.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentFailed,
    PaymentUnderReview,
)
from apps.kernel.providers import provider_in_words
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.services.cancel_order import (
    call_off,
    end,
    finish_when_nothing_is_owed,
    settle_payment,
)
from apps.orders.services.changing import Change, apply_heard, apply_heard_of_payment
from apps.orders.services.confirming import confirm_or_hold
from apps.platform.outbox.delivered import Delivered

_WAITING_WITH_STOCK = (OrderStatus.PAYMENT_PENDING, OrderStatus.PAYMENT_AUTHORIZED)
"""States in which an order needs its reservation; an authorised order is held for review."""


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

    apply_heard_of_payment(batch, decide, now)


def show_review(batch: Sequence[Delivered[PaymentUnderReview]], *, now: datetime) -> None:
    """The provider takes its time over the payment: say so, and ask the customer for nothing more."""

    def decide(change: Change, heard: Delivered[PaymentUnderReview]) -> None:
        order, provider = change.order, heard.event.provider
        if order.status == OrderStatus.PAYMENT_PENDING:
            _note_provider(order, provider)
            order.payment_status = "pending"
            order.payment_action_url = ""
            change.step(f"Payment is being reviewed by {provider_in_words(provider)}")

    apply_heard_of_payment(batch, decide, now)


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

    apply_heard_of_payment(batch, decide, now)


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

    apply_heard_of_payment(batch, decide, now)


def _note_provider(order: Order, provider: str) -> None:
    """Say who really takes the money: another one may have stood in for whoever was chosen."""
    order.payment_provider = provider or order.payment_provider
