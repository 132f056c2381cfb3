"""What payments does when it hears of orders."""

from collections.abc import Sequence

from django.conf import settings

from apps.kernel.events.orders import (
    OrderCancellationRequested,
    OrderConfirmed,
    OrderPaymentPending,
    OrderRefundRequested,
)
from apps.payments.services.refund_payments import refund_payments
from apps.payments.services.start_payments import capture_payments, start_payments
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.delivered import Delivered


def authorize_for_orders(batch: Sequence[Delivered[OrderPaymentPending]]) -> None:
    """Begin the payment of orders whose stock is held."""
    start_payments(wanted=batch, now=batch[0].handed_at)


def capture_for_orders(batch: Sequence[Delivered[OrderConfirmed]]) -> None:
    """Charge confirmed orders, unless that is left to whoever asks for it."""
    if settings.OMS_CAPTURE_ON != "confirmation":
        return
    capture_payments(
        causes={one.event.order_id: one.cause_on_behalf for one in batch}, now=batch[0].handed_at
    )


def undo_for_orders(batch: Sequence[Delivered[OrderCancellationRequested]]) -> None:
    """Give back the money of orders being called off."""
    undo_payments(
        causes={one.event.order_id: one.cause_on_behalf for one in batch}, now=batch[0].handed_at
    )


def refund_for_orders(batch: Sequence[Delivered[OrderRefundRequested]]) -> None:
    """Give back what is asked for of orders that go on."""
    refund_payments(wanted=batch, now=batch[0].handed_at)
