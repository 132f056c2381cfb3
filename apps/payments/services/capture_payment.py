"""Charge an authorised payment when the merchant asks for it, whole or in part."""

from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.refusals import InvalidCapture, NotPossibleNow, PaymentNotFound
from apps.payments.models import Payment, PaymentStatus
from apps.payments.services.changes import Changes
from apps.payments.services.operations import lock_open_operations
from apps.platform.bulk import lock_many


def capture_payment(
    *, payment_id: PaymentId, amount_minor: int | None, cause: Cause, now: datetime
) -> Payment:
    """Record the capture of an amount in minor units, or of all of it; the call follows.

    A payment is captured once: what an amount below the authorised one leaves is let go.

    Raises:
        PaymentNotFound: no such payment.
        NotPossibleNow: it is not authorised (any more), is being given back, or a call is under way.
        InvalidCapture: nothing, or more than was authorised.
    """
    with transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.status != PaymentStatus.AUTHORIZED or payment.is_unwanted:
            raise NotPossibleNow(
                f"The payment is {_standing(payment)}: there is nothing to capture.",
                status=payment.status,
            )
        if lock_open_operations([payment]):
            raise NotPossibleNow(
                "A call to the provider is under way; look again.", status=payment.status
            )
        amount = payment.amount_minor if amount_minor is None else amount_minor
        if not 0 < amount <= payment.amount_minor:
            raise InvalidCapture(f"Capture more than nothing and at most {payment.amount}.")
        changes = Changes(now=now)
        payment.updated_at = now
        changes.step(payment, f"Capture of {Money(amount, payment.currency)} asked for", cause)
        changes.call(payment, OperationKind.CAPTURE, cause, amount_minor=amount)
        changes.write([payment])
    return payment


def lock_payment(payment_id: PaymentId) -> Payment:
    """Lock one payment that has begun.

    Raises:
        PaymentNotFound: there is none.
    """
    found = [one for one in lock_many(Payment, [payment_id]) if not one.never_began]
    if not found:
        raise PaymentNotFound("There is no such payment.")
    return found[0]


def _standing(payment: Payment) -> str:
    return "being given back" if payment.is_unwanted else payment.status.replace("_", " ")
