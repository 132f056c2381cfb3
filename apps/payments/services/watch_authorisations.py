"""See that no authorisation runs out unnoticed: providers let go of it after some days.

A provider may say of each how long it holds it; for the others that is in `adapters/registry.py`. What
the provider says counts, not our calendar: once the time is over it is asked, and only its own answer voids
the payment.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.kernel.cause import Cause
from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.changes import Changes
from apps.payments.services.operations import lock_open_operations, newest_causes
from apps.payments.services.renewal_rules import warn_of_ending
from apps.platform.bulk import lock_many

BATCH = 100
ASK_AGAIN = timedelta(hours=6)
"""How long a provider that still holds what we thought had run out is left alone."""
CAPTURE, RENEW = "capture", "renew"


def watch_authorisations(*, now: datetime) -> int:
    """Warn of, charge or renew what runs out soon, and ask about what has; returns how many were due.

    `OMS_AUTHORISATION_WARNING_HOURS` before the end, the payment is charged where
    `OMS_AUTHORISATION_ENDING` says `capture`, renewed where it says `renew`, and else warned of
    once: in its history, in the admin and by a metric. Payments with a call under way are left to it.
    """
    soon = now + timedelta(hours=settings.OMS_AUTHORISATION_WARNING_HOURS)
    with transaction.atomic(savepoint=False):
        under_way = PaymentOperation.objects.filter(payment=OuterRef("pk"), state__in=OPEN_STATES)
        due = list(
            Payment.objects.filter(
                ~Exists(under_way),
                status=PaymentStatus.AUTHORIZED,
                is_unwanted=False,
                authorized_until__lte=soon,
            )
            .exclude(authorized_until__gt=now, is_ending_known=True)
            .order_by("id")
            .select_for_update(skip_locked=True)
            .values_list("id", flat=True)[:BATCH]
        )
        payments = lock_many(Payment, due)
        # A call may have been recorded between the look and the lock.
        busy = lock_open_operations(payments)
        payments = [payment for payment in payments if payment.id not in busy]
        # In the name of whoever asked for the authorisation.
        causes = newest_causes([one.id for one in payments])
        changes = Changes(now=now)
        for payment in payments:
            payment.updated_at = now
            if payment.authorized_until is not None and payment.authorized_until <= now:
                _ask(payment, causes[payment.id], changes)
            else:
                _ends_soon(payment, causes[payment.id], changes)
        changes.write(payments)
    return len(due)


def _ends_soon(payment: Payment, cause: Cause, changes: Changes) -> None:
    if settings.OMS_AUTHORISATION_ENDING == RENEW:
        # Whether the provider has such a call at all is for its adapter to say.
        changes.step(payment, "Renewal asked for, as the authorisation runs out soon", cause)
        changes.call(payment, OperationKind.RENEW, cause, amount_minor=payment.amount_minor)
        return
    warn_of_ending(payment, cause, changes)
    if settings.OMS_AUTHORISATION_ENDING == CAPTURE:
        changes.call(payment, OperationKind.CAPTURE, cause, amount_minor=payment.amount_minor)


def _ask(payment: Payment, cause: Cause, changes: Changes) -> None:
    payment.is_ending_known = True
    payment.authorized_until = changes.now + ASK_AGAIN
    changes.step(payment, "The authorisation has run out; the provider is asked", cause)
    changes.look_for(payment, OperationKind.VOID, cause)
