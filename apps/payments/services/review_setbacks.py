"""Look again at what had succeeded, because the provider says that it did not last."""

from collections.abc import Collection, Mapping, Sequence
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


def review_setbacks(
    *, about: Mapping[PaymentId, Collection[str]], now: datetime
) -> set[tuple[PaymentId, str]]:
    """Have what was done to each payment looked up once more: the call named, else the newest one.

    `about` gives the provider's names of the calls that the news is about, by payment, if it says so.
    A refund or a charge counts as in doubt until the look-up has confirmed it, or failed it: then a
    refund is tried again. An authorisation that has run out voids the payment. Where the news may be
    about a call that is open, that is looked up instead, and decides; payments that no such news can be
    about are left alone. Of a payment one call is open at a time: returns by payment and name what has to
    wait until another one has ended. News of it is to be reviewed again then, or it would be lost.
    """
    with transaction.atomic(savepoint=False):
        locked = lock_many(Payment, about)
        under_way = lock_open_operations(locked)
        succeeded = _lock_succeeded(locked)
        changes = Changes(now=now)
        postponed: set[tuple[PaymentId, str]] = set()
        undecided: list[PaymentOperation] = []
        doubted: list[PaymentOperation] = []
        changed: list[Payment] = []
        for payment in locked:
            done = succeeded.get(payment.id, [])
            meant = _calls_meant(about[payment.id], done)
            if payment.id in under_way:
                waiting = {name for name, call in meant.items() if _is_named(call, name)}
                postponed |= {(payment.id, name) for name in waiting}
                if meant.keys() > waiting:
                    undecided += [one for one in under_way[payment.id] if one.state in UNDECIDED]
                continue
            if not done:
                continue
            # The newest first: a charge is looked at after the refunds of it, ids sort by their time.
            operation = max(filter(None, meant.values()), key=lambda one: one.id)
            postponed |= {(payment.id, name) for name, one in meant.items() if one != operation}
            if not _may_be_doubted(operation, payment):
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
        for call in undecided:
            call.next_at = now
        update_many([*undecided, *doubted], fields=["state", "next_at", "updated_at"])
        changes.write(changed)
        wake_dispatch_on_commit({one.gate for one in (*undecided, *doubted)})
    return postponed


def _calls_meant(
    names: Collection[str], done: Sequence[PaymentOperation]
) -> dict[str, PaymentOperation | None]:
    """Give the succeeded call that each name is of, else the newest one; None where there is none."""
    newest = done[-1] if done else None
    by_name = {one.reference: one for one in done}
    return {name: by_name.get(name, newest) for name in names or [""]}


def _is_named(call: PaymentOperation | None, name: str) -> bool:
    """Whether the news is of this charge or refund, and of no other; an authorisation is decided by others."""
    return call is not None and call.kind != OperationKind.AUTHORIZE and call.reference == name


def _may_be_doubted(operation: PaymentOperation, payment: Payment) -> bool:
    """A charge that was given back by another way since is no news any more."""
    return operation.kind != OperationKind.CAPTURE or payment.status == PaymentStatus.CAPTURED


def _lock_succeeded(payments: Sequence[Payment]) -> dict[PaymentId, list[PaymentOperation]]:
    """Lock what was done to locked payments and may not last, and give it by payment, the newest last."""
    found: dict[PaymentId, list[PaymentOperation]] = {}
    for operation in lock_many(
        PaymentOperation,
        [payment.id for payment in payments],
        by="payment_id",
        where="t.state = 'succeeded' AND t.kind IN ('authorize', 'capture', 'refund') "
        f"AND t.reference <> '{BY_HAND}'",
    ):
        found.setdefault(PaymentId(operation.payment_id), []).append(operation)
    return found


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
