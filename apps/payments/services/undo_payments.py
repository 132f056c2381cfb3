"""Give back the money of orders that are called off: void what is reserved, refund what is charged."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.events.payments import PaymentFailed
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.operations import new_operation
from apps.payments.services.start_payments import lock_payments
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import insert_missing, lock_many, update_many
from apps.platform.outbox.publishing import Fact, publish

CANCELLED = "cancelled"


def undo_payments(*, causes: Mapping[UUID, Cause], now: datetime) -> None:
    """See that nothing of each order's money stays with us; facts tell when it is done.

    A call on its way is waited for: its outcome decides what has to be undone. Asking again adds
    nothing.
    """
    with transaction.atomic(savepoint=False):
        payments = lock_payments(list(causes))
        open_operations = _lock_open_operations(payments)
        operations: list[PaymentOperation] = []
        dropped: list[PaymentOperation] = []
        facts: list[Fact] = []
        for payment in payments:
            if payment.is_unwanted:
                continue
            payment.is_unwanted = True
            payment.updated_at = now
            under_way = []
            for operation in open_operations.get(payment.id, []):
                if operation.state == OperationState.PENDING:
                    _drop(operation, now)
                    dropped.append(operation)
                else:
                    under_way.append(operation)
            cause = causes[payment.order_id]
            if payment.status == PaymentStatus.REQUIRES_ACTION:
                # The offer to the customer is taken back by the void, which decides the payment.
                for operation in under_way:
                    _drop(operation, now)
                dropped += under_way
            elif under_way:
                continue
            follow_up = undoing_operation(payment, cause=cause, now=now)
            if follow_up is not None:
                operations.append(follow_up)
            elif payment.status == PaymentStatus.PENDING:
                facts.append(fail_payment(payment, CANCELLED, "The order was cancelled.", cause))
        update_many(payments, fields=PAYMENT_FIELDS)
        update_many(dropped, fields=["state", "error_code", "updated_at"])
        insert_missing(operations)
        publish(facts)
        wake_dispatch_on_commit({operation.gate for operation in operations})


PAYMENT_FIELDS = (
    "status",
    "version",
    "captured_minor",
    "refunded_minor",
    "brand",
    "last4",
    "authorization",
    "action_url",
    "action_expires_at",
    "failure_code",
    "failure_detail",
    "is_unwanted",
    "updated_at",
)
"""What may change in a payment after it was recorded."""


def undoing_operation(payment: Payment, *, cause: Cause, now: datetime) -> PaymentOperation | None:
    """Prepare the call that gives the money back, or None where nothing was taken."""
    match payment.status:
        case PaymentStatus.AUTHORIZED | PaymentStatus.REQUIRES_ACTION:
            kind, amount = OperationKind.VOID, payment.amount_minor
        case PaymentStatus.CAPTURED | PaymentStatus.PARTIALLY_REFUNDED:
            kind, amount = OperationKind.REFUND, payment.captured_minor - payment.refunded_minor
        case _:
            return None
    return new_operation(payment, kind, amount_minor=amount, cause=cause, now=now)


def fail_payment(payment: Payment, code: str, detail: str, cause: Cause) -> Fact:
    """Fail a payment that took nothing, and give the fact to publish."""
    payment.fail(code=code, detail=detail)
    payment.version += 1
    return Fact(
        event=PaymentFailed(
            payment_id=payment.id, order_id=payment.order_id, code=code, detail=detail
        ),
        seq=payment.version,
        cause=cause,
    )


def _lock_open_operations(payments: list[Payment]) -> dict[UUID, list[PaymentOperation]]:
    found: dict[UUID, list[PaymentOperation]] = {}
    for operation in lock_many(
        PaymentOperation,
        [payment.id for payment in payments],
        by="payment_id",
        where="t.state IN ('pending', 'in_flight', 'unknown', 'waiting')",
    ):
        found.setdefault(operation.payment_id, []).append(operation)
    return found


def _drop(operation: PaymentOperation, now: datetime) -> None:
    """Give up a call that was never made, or of which we know that nothing happened."""
    operation.state = OperationState.FAILED
    operation.error_code = CANCELLED
    operation.updated_at = now
