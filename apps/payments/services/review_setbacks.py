"""Look again at what had succeeded, because the provider says that it did not last."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import BY_HAND, UNDECIDED, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of, lock_open_operations
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import lock_many, update_many


def review_setbacks(*, about: Mapping[PaymentId, Collection[str]], now: datetime) -> None:
    """Have what was done to each payment looked up once more: the call named, else the newest one.

    `about` gives the provider's names of the calls that the news is about, by payment, if it says so.
    A refund or a charge counts as in doubt until the look-up has confirmed it, or failed it: then a
    refund is tried again. An authorisation that has run out voids the payment. Where a call is open,
    it is looked up instead, and decides; payments that no such news can be about are left alone.
    """
    with transaction.atomic(savepoint=False):
        locked = lock_many(Payment, about)
        under_way = lock_open_operations(locked)
        undecided = [one for calls in under_way.values() for one in calls if one.state in UNDECIDED]
        for call in undecided:
            call.next_at = now
        payments = [one for one in locked if one.id not in under_way]
        succeeded = _lock_succeeded(payments, about)
        changes = Changes(now=now)
        doubted: list[PaymentOperation] = []
        changed: list[Payment] = []
        for payment in payments:
            operation = succeeded.get(payment.id)
            if operation is None or not _may_be_doubted(operation, payment):
                continue
            if operation.kind != OperationKind.AUTHORIZE:
                before = payment.status
                operation.payment = payment
                _doubt(operation, payment, changes)
                what = f"{operation.kind.capitalize()} in doubt"
                changes.step(payment, what, cause_of(operation), before=before)
                doubted.append(operation)
                changed.append(payment)
            elif payment.status == PaymentStatus.AUTHORIZED:
                changes.look_for(payment, OperationKind.VOID, cause_of(operation))
        update_many([*undecided, *doubted], fields=["state", "next_at", "updated_at"])
        changes.write(changed)
        wake_dispatch_on_commit({one.gate for one in (*undecided, *doubted)})


def _may_be_doubted(operation: PaymentOperation, payment: Payment) -> bool:
    """A charge that was given back by another way since is no news any more."""
    return operation.kind != OperationKind.CAPTURE or payment.status == PaymentStatus.CAPTURED


def _lock_succeeded(
    payments: Collection[Payment], about: Mapping[PaymentId, Collection[str]]
) -> dict[PaymentId, PaymentOperation]:
    """Give the call that the news is about, else the newest that succeeded: ids sort by their time."""
    found: dict[PaymentId, PaymentOperation] = {}
    named: dict[PaymentId, PaymentOperation] = {}
    for operation in lock_many(
        PaymentOperation,
        [payment.id for payment in payments],
        by="payment_id",
        where="t.state = 'succeeded' AND t.kind IN ('authorize', 'capture', 'refund') "
        f"AND t.reference <> '{BY_HAND}'",
    ):
        payment_id = PaymentId(operation.payment_id)
        found[payment_id] = operation
        if operation.reference in about[payment_id]:
            named[payment_id] = operation
    return found | named


def _doubt(operation: PaymentOperation, payment: Payment, changes: Changes) -> None:
    operation.state = OperationState.UNKNOWN
    operation.next_at = operation.updated_at = payment.updated_at = changes.now
    if operation.kind == OperationKind.CAPTURE:
        payment.doubt_the_capture()
        changes.move(
            operation,
            operation.amount_minor,
            from_account=Account.PROVIDER,
            to_account=Account.AUTHORISED,
            what="Capture in doubt",
        )
        changes.move(
            operation,
            payment.amount_minor - operation.amount_minor,
            from_account=Account.CUSTOMER,
            to_account=Account.AUTHORISED,
            what="Capture in doubt",
        )
        return
    changes.move(
        operation,
        operation.amount_minor,
        from_account=Account.CUSTOMER,
        to_account=Account.PROVIDER,
        what="Refund in doubt",
    )
    payment.refunded_minor -= operation.amount_minor
    if payment.refunded_minor:
        payment.doubt_a_refund()
    else:
        payment.doubt_the_refund()
