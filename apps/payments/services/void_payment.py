"""Let an authorised payment go when the merchant asks for it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.cause import Cause
from apps.payments.domain.refusals import NotPossibleNow
from apps.payments.models import Payment, PaymentStatus
from apps.payments.services.capture_payment import lock_payment
from apps.payments.services.undo_payments import undo_payments

VOIDABLE = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.AUTHORIZED)


def void_payment(*, payment_id: UUID, cause: Cause, now: datetime) -> Payment:
    """Have everything that is reserved let go; the order is called off once it is. Again adds nothing.

    A capture that is under way is waited for, and refunded.

    Raises:
        PaymentNotFound: no such payment.
        NotPossibleNow: it is charged, which takes a refund, or has ended.
    """
    with transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.status not in VOIDABLE and payment.status != PaymentStatus.VOIDED:
            raise NotPossibleNow(
                f"The payment is {payment.status.replace('_', ' ')} and cannot be voided.",
                status=payment.status,
            )
        if payment.status in VOIDABLE:
            undo_payments(causes={payment.order_id: cause}, now=now)
    return Payment.objects.get(id=payment_id)
