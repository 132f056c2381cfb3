"""Let an authorised payment go when the merchant asks for it."""

from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.domain.refusals import NotPossibleNow
from apps.payments.models import Payment, PaymentStatus
from apps.payments.services.capture_payment import lock_payment
from apps.payments.services.operations import lock_open_operations
from apps.payments.services.undo_payments import undo_payments

VOIDABLE = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.AUTHORIZED)


def void_payment(*, payment_id: PaymentId, cause: Cause, now: datetime) -> Payment:
    """Have everything that is reserved let go; the order is called off once it is. Again adds nothing.

    Raises:
        PaymentNotFound: no such payment.
        NotPossibleNow: it is charged, or about to be, which takes a refund, or has ended.
    """
    with transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.status not in VOIDABLE and payment.status != PaymentStatus.VOIDED:
            raise NotPossibleNow(
                f"The payment is {payment.status.replace('_', ' ')} and cannot be voided.",
                status=payment.status,
            )
        if payment.status in VOIDABLE:
            _insist_on_no_capture(payment)
            undo_payments(causes={payment.order_id: cause}, now=now)
    return Payment.objects.get(id=payment_id)


def _insist_on_no_capture(payment: Payment) -> None:
    """One that was not made yet is given up; what may have been charged is refunded, not voided."""
    for call in lock_open_operations([payment]).get(payment.id, []):
        if call.kind == OperationKind.CAPTURE and call.state != OperationState.PENDING:
            raise NotPossibleNow("A capture is under way; look again.", status=payment.status)
