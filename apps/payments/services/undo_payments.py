"""Give back the money of orders that are called off: void what is reserved, refund what is charged."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.cause import Cause
from apps.payments.domain.operations import MONEY_BACK, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.ledger import Ledger
from apps.payments.services.operations import lock_open_operations
from apps.payments.services.start_payments import lock_payments
from apps.platform.bulk import update_many

CANCELLED = "cancelled"


def undo_payments(*, causes: Mapping[UUID, Cause], now: datetime) -> None:
    """See that nothing of each order's money stays with us; facts tell when it is done.

    A call on its way is waited for: its outcome decides what has to be undone. Asking again adds
    nothing.
    """
    with transaction.atomic(savepoint=False):
        ledger = Ledger(now=now)
        payments = [one for one in lock_payments(list(causes)) if not one.is_unwanted]
        open_operations = lock_open_operations(payments)
        dropped: list[PaymentOperation] = []
        for payment in payments:
            payment.is_unwanted = True
            payment.updated_at = now
            calls = open_operations.get(payment.id, [])
            needless = [call for call in calls if _is_needless(payment, call)]
            dropped += needless
            if len(needless) == len(calls):
                _give_back(payment, causes[payment.order_id], ledger)
        for operation in dropped:
            _drop(operation, now)
        update_many(dropped, fields=["state", "error_code", "updated_at"])
        ledger.write(payments)


def _is_needless(payment: Payment, call: PaymentOperation) -> bool:
    """Whether an open call can be given up: not one that gives money back, nor one that may take some.

    While the customer is asked no money was taken yet; the void takes the offer back and decides.
    """
    if call.kind in MONEY_BACK:
        return False
    return call.state == OperationState.PENDING or payment.status == PaymentStatus.REQUIRES_ACTION


def _give_back(payment: Payment, cause: Cause, ledger: Ledger) -> None:
    if payment.status == PaymentStatus.PENDING:
        ledger.fail(payment, CANCELLED, "The order was cancelled.", cause)
    else:
        ledger.undo(payment, cause)


def _drop(operation: PaymentOperation, now: datetime) -> None:
    """Give up a call that was never made, or of which we know that nothing happened."""
    operation.state = OperationState.FAILED
    operation.error_code = CANCELLED
    operation.updated_at = now
