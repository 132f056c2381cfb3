"""Try again to give money back, where the provider refused to."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.identifiers import PaymentId
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.changes import Changes
from apps.payments.services.operations import lock_open_operations, newest_causes
from apps.platform.bulk import lock_many

BATCH = 100


def undo_again(*, causes: Mapping[PaymentId, Cause], now: datetime) -> int:
    """Record a new call for each payment whose money is still to be given back; returns how many.

    The provider is looked at first, for somebody may have given it back there by hand. A payment
    that has a call under way, or owes nothing back, is left alone.
    """
    with transaction.atomic(savepoint=False):
        payments = lock_many(Payment, causes)
        under_way = lock_open_operations(payments)
        owing = [one for one in payments if may_be_undone_again(one, under_way.get(one.id, ()))]
        changes = Changes(now=now)
        for payment in owing:
            payment.updated_at = now
            changes.step(payment, "Giving back tried again", causes[payment.id])
            changes.undo(payment, causes[payment.id], looks_first=True)
        changes.write(owing)
    return len(owing)


def may_be_undone_again(payment: Payment, open_calls: Collection[PaymentOperation]) -> bool:
    """Whether something could be given back by a new call, since no open one may be about to do it."""
    return payment.owes_money_back and not open_calls


def undo_what_is_due(*, now: datetime) -> int:
    """Try again where the pause after a refusal is over; returns how many payments were due."""
    with transaction.atomic(savepoint=False):
        due = list(
            Payment.objects.filter(undo_at__lte=now)
            .order_by("id")
            .select_for_update(skip_locked=True)
            .values_list("id", flat=True)[:BATCH]
        )
        undo_again(causes=newest_causes(due), now=now)
        Payment.objects.filter(id__in=due, undo_at__lte=now).update(undo_at=None)
    return len(due)
