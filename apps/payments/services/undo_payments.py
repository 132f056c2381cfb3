"""Give back the money of orders that are called off: void what is reserved, refund what is charged."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId, PaymentId, new_id
from apps.payments.domain.operations import MONEY_BACK, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.changes import Changes
from apps.payments.services.operations import lock_open_operations
from apps.payments.services.start_payments import lock_payments
from apps.platform.bulk import insert_together, update_many

CANCELLED = "cancelled"


def undo_payments(*, causes: Mapping[OrderId, Cause], now: datetime) -> None:
    """See that nothing of each order's money stays with us; facts tell when it is done.

    A call on its way is waited for: its outcome decides what has to be undone. An order that has no
    payment gets a failed one, so that it has its answer and a payment cannot begin later. Asking
    again adds nothing.
    """
    with transaction.atomic(savepoint=False):
        changes = Changes(now=now)
        found = lock_payments(list(causes))
        _bar_payments(causes.keys() - {one.order_id for one in found}, causes, changes)
        payments = [one for one in found if not one.is_unwanted]
        open_operations = lock_open_operations(payments)
        dropped: list[PaymentOperation] = []
        for payment in payments:
            payment.is_unwanted = True
            payment.updated_at = now
            changes.step(payment, "Called off", causes[payment.order_id])
            calls = open_operations.get(payment.id, [])
            needless = [call for call in calls if _is_needless(payment, call)]
            dropped += needless
            if payment.waits_for_dispute:
                changes.step(
                    payment, "What is disputed waits for the decision", causes[payment.order_id]
                )
            if len(needless) == len(calls):
                _give_back(payment, causes[payment.order_id], changes)
        for operation in dropped:
            _drop(operation, now)
        update_many(dropped, fields=["state", "error_code", "updated_at"])
        changes.write(payments)


def _bar_payments(
    order_ids: Collection[OrderId], causes: Mapping[OrderId, Cause], changes: Changes
) -> None:
    """Store a failed payment for each order that has none."""
    barred = []
    for order_id in order_ids:
        payment = Payment(
            id=PaymentId(new_id()),
            order_id=order_id,
            amount_minor=0,
            is_unwanted=True,
            created_at=changes.now,
            updated_at=changes.now,
        )
        changes.fail(payment, CANCELLED, "The order was cancelled.", causes[order_id])
        barred.append(payment)
    insert_together(barred)


def _is_needless(payment: Payment, call: PaymentOperation) -> bool:
    """Whether an open call can be given up: not one that gives money back, nor one that may take some.

    While the customer is asked no money was taken yet; the void takes the offer back and decides. Not
    while the provider is being asked, though: that may be what takes the money.
    """
    if call.kind in MONEY_BACK or call.state == OperationState.IN_FLIGHT:
        return False
    return call.state == OperationState.PENDING or payment.status == PaymentStatus.REQUIRES_ACTION


def _give_back(payment: Payment, cause: Cause, changes: Changes) -> None:
    if payment.status == PaymentStatus.PENDING:
        changes.fail(payment, CANCELLED, "The order was cancelled.", cause)
    else:
        changes.undo(payment, cause)


def _drop(operation: PaymentOperation, now: datetime) -> None:
    """Give up a call that was never made, or of which we know that nothing happened."""
    operation.state = OperationState.FAILED
    operation.error_code = CANCELLED
    operation.updated_at = now
