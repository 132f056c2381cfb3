"""Refunds that somebody makes at Stripe's desk, told by its messages, beside those that we ask for."""

import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.kernel.events.orders import OrderRefundRequested
from apps.kernel.identifiers import RefundId
from apps.payments.models import LedgerEntry, Payment, PaymentOperation
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.refund_payments import refund_payments
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.notifications.story import delivered
from tests.integration.payments.stripe_messages import receive


def send(payment: Payment, now: datetime, amount: int = 100, **changes: Any) -> None:
    """Send what Stripe sends about a refund."""
    refund = {
        "object": "refund",
        "id": "re_desk",
        "amount": amount,
        "currency": "eur",
        "status": "succeeded",
        "payment_intent": payment.authorization,
        "metadata": {},
        **changes,
    }
    receive(refund, now, kind="refund.created")


def tell(payment: Payment, now: datetime, amount: int = 100, **changes: Any) -> Payment:
    """Send what Stripe sends about a refund, and have it handled; gives the payment afterwards."""
    send(payment, now, amount, **changes)
    handle_messages(now=timezone.now())
    return Payment.objects.get(id=payment.id)


def call_off(payment: Payment, now: datetime) -> PaymentOperation:
    """Have the order cancelled; gives the refund that is recorded for it."""
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    return PaymentOperation.objects.get(kind="refund", only_looks=False)


def ask_back(payment: Payment, minor: int, now: datetime) -> PaymentOperation:
    """Have a part of an order that goes on refunded; gives the call."""
    wish = OrderRefundRequested(
        order_id=payment.order_id,
        refund_id=RefundId(uuid.uuid4()),
        amount_minor=minor,
        wanted_minor=minor,
        currency="EUR",
        units=(),
    )
    refund_payments(wanted=[delivered(wish)], now=now)
    return PaymentOperation.objects.get(kind="refund")


def moved() -> list[tuple[str, str, int]]:
    rows = LedgerEntry.objects.filter(what__startswith="Refund").order_by("id")
    return list(rows.values_list("from_account", "to_account", "amount_minor"))


def published(event: str) -> list[dict[str, Any]]:
    rows = StoredEvent.objects.filter(type=f"payments.{event}").order_by("event_id")
    return [row.payload for row in rows]


def steps(payment: Payment) -> list[str]:
    return list(payment.history.order_by("position").values_list("what", flat=True))
