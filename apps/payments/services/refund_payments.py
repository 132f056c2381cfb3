"""Give money of orders that go on back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.events.orders import OrderRefundRequested
from apps.kernel.money import Money
from apps.payments.models import Payment
from apps.payments.services.changes import Changes
from apps.payments.services.start_payments import lock_payments
from apps.platform.outbox.delivered import Delivered


def refund_payments(*, wanted: Sequence[Delivered[OrderRefundRequested]], now: datetime) -> None:
    """Record how much is to go back of each order's payment, and the refund that it takes.

    What counts is the sum of all that was asked for, so what is heard again, or late, adds nothing.
    While a refund is under way the next one waits for it. A payment that is given back as a whole
    is left alone.
    """
    with transaction.atomic(savepoint=False):
        payments = {
            payment.order_id: payment
            for payment in lock_payments([one.event.order_id for one in wanted])
        }
        changes = Changes(now=now)
        changed: dict[object, Payment] = {}
        for one in wanted:
            payment = payments.get(one.event.order_id)
            if payment is None or one.event.wanted_minor <= payment.refund_wanted_minor:
                continue
            asked = Money(one.event.amount_minor, one.event.currency)
            payment.refund_wanted_minor = one.event.wanted_minor
            payment.updated_at = now
            changes.step(payment, f"Refund of {asked} asked for", one.cause_on_behalf)
            if payment.waits_for_dispute:
                changes.step(
                    payment, "What is disputed waits for the decision", one.cause_on_behalf
                )
            if payment.to_refund_minor and payment.id not in changed:
                # After a refusal somebody may have given it back at the provider's own desk.
                changes.undo(payment, one.cause_on_behalf, looks_first=payment.undo_at is not None)
            changed[payment.id] = payment
        changes.write(list(changed.values()))
