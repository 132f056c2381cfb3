"""Count money as given back that went another way, where the provider's way is closed."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import BY_HAND, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Done
from apps.payments.services.changes import Changes
from apps.payments.services.gateway_rules import apply_result
from apps.payments.services.operations import lock_open_operations, new_operation
from apps.platform.bulk import lock_many


def settle_refund(*, payment_id: PaymentId, cause: Cause, now: datetime) -> Payment | None:
    """Record what is still owed of a charge as refunded by hand, also what waits for a dispute.

    None where nothing is owed, or while a call for it is under way, since that may give the money back
    as well. The payment and its order go on as after any refund. Doing it again changes nothing.
    """
    with transaction.atomic():
        found = lock_many(Payment, [payment_id])
        open_calls = lock_open_operations(found).get(payment_id, ())
        if not found or not may_be_settled(found[0], open_calls):
            return None
        (payment,) = found
        changes = Changes(now=now)
        asked = PaymentOperation.objects.filter(payment=payment, kind=OperationKind.REFUND).count()
        operation = new_operation(
            payment,
            OperationKind.REFUND,
            amount_minor=payment.owed_back_minor,
            nth=asked + 1,
            state=OperationState.SUCCEEDED,
            cause=cause,
            now=now,
        )
        payment.undo_at = None
        payment.updated_at = now
        changes.step(payment, "Refund settled by hand", cause)
        apply_result(operation, payment, Done(reference=BY_HAND), changes)
        operation.save()
        changes.write([payment])
    return payment


def may_be_settled(payment: Payment, open_calls: Collection[PaymentOperation]) -> bool:
    """Whether a refund is still owed, and no open call may be about to make it."""
    return payment.owed_back_minor > 0 and not open_calls
