"""Keep up with what the payment says of disputes."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.events.payments import PaymentDisputeClosed, PaymentDisputed
from apps.kernel.money import Money
from apps.orders.services.cancel_order import CHARGED_BACK, call_off_unpaid, settle_payment
from apps.orders.services.changing import Change, apply_heard
from apps.orders.services.mark_refunds import mark_refunds
from apps.platform.outbox.delivered import Delivered


def note_dispute(batch: Sequence[Delivered[PaymentDisputed]], *, now: datetime) -> None:
    """The customer's bank takes a charge back; the order goes on until a person decides otherwise."""

    def decide(change: Change, heard: Delivered[PaymentDisputed]) -> None:
        amount = Money(heard.event.amount_minor, heard.event.currency)
        change.step(f"Charge of {amount} disputed ({heard.event.reason})")

    apply_heard(batch, decide, now)


def note_decided_dispute(
    batch: Sequence[Delivered[PaymentDisputeClosed]], *, now: datetime
) -> None:
    """A dispute is decided: what waits for it ends where nothing is left to give back, or owed.

    That is a cancellation, and refunds that were asked for.
    """

    def decide(change: Change, heard: Delivered[PaymentDisputeClosed]) -> None:
        event, order = heard.event, change.order
        amount = Money(event.amount_minor, event.currency)
        what = f"Dispute of {amount} {'won' if event.is_won else 'lost'}"
        order.lost_minor = max(order.lost_minor, event.lost_minor)
        left = order.captured_minor - event.refunded_minor - event.lost_minor
        if event.lost_minor and left <= 0 and order.payment_status != "refunded":
            settle_payment(change, CHARGED_BACK, what)
        else:
            change.step(what)
        if event.is_unwanted and order.payment_status == CHARGED_BACK:
            call_off_unpaid(change)

    with transaction.atomic(savepoint=False):
        apply_heard(batch, decide, now)
        mark_refunds(
            {one.event.order_id: one.event.refunded_minor for one in batch},
            causes={one.event.order_id: one.cause for one in batch},
            now=now,
        )
