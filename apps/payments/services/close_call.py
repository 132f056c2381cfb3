"""Say how a call ended that its provider has taken and tells nothing more of."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.kernel.cause import Cause
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import CLOSED_BY_HAND, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import Declined, Done
from apps.payments.services.changes import Changes
from apps.payments.services.gateway_rules import apply_result, is_action_over
from apps.payments.services.operations import lock_open_operations
from apps.platform.bulk import lock_many

_NAMES_THE_AUTHORISATION = (OperationKind.AUTHORIZE, OperationKind.RENEW)


def close_call(
    *, operation_id: OperationId, is_done: bool, cause: Cause, now: datetime
) -> PaymentOperation | None:
    """Record that a waiting call was carried out, or was not; None where nobody may say so (yet).

    Payment, ledger and order go on as if the provider had said it. What it says afterwards changes
    nothing of this call; see `note_contradictions`. Doing it again changes nothing.
    """
    with transaction.atomic():
        names = PaymentOperation.objects.filter(id=operation_id)
        payments = lock_many(Payment, names.values_list("payment_id", flat=True))
        calls = [call for one in lock_open_operations(payments).values() for call in one]
        operation = next((call for call in calls if call.id == operation_id), None)
        if operation is None or not may_be_closed(operation, payments[0], now, is_done=is_done):
            return None
        (payment,) = payments
        operation.payment = payment
        operation.updated_at = payment.updated_at = now
        changes = Changes(now=now)
        how = "done" if is_done else "not done"
        changes.step(payment, f"{operation.kind.capitalize()} closed by hand as {how}", cause)
        result = (
            Done(reference=operation.reference)
            if is_done
            else Declined(code=CLOSED_BY_HAND, detail="The provider did not carry it out.")
        )
        apply_result(operation, payment, result, changes)
        operation.error_code = CLOSED_BY_HAND
        operation.save()
        changes.write([payment])
    return operation


def may_be_closed(
    operation: PaymentOperation, payment: Payment, now: datetime, *, is_done: bool
) -> bool:
    """Whether a person may say this of a call: it has waited for long, and for the provider.

    An authorisation that waits for its customer ends by itself when their time is over; the void
    that takes an offer back waits for the provider. That an authorisation was made or renewed
    cannot be said by hand, since what is charged and let go later needs the provider's name for it.
    """
    if operation.state != OperationState.WAITING:
        return False
    if is_done and operation.kind in _NAMES_THE_AUTHORISATION:
        return False
    if operation.kind == OperationKind.AUTHORIZE and _is_up_to_customer(payment, now):
        return False
    return now - operation.created_at >= timedelta(minutes=settings.OMS_WAITING_CALL_MINUTES)


def _is_up_to_customer(payment: Payment, now: datetime) -> bool:
    return payment.status == PaymentStatus.REQUIRES_ACTION and not is_action_over(payment, now)
