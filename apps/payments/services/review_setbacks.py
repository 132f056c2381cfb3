"""Look again at what had succeeded, because the provider says that it did not last."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import BY_HAND, UNDECIDED, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus, ProviderMessageRecord
from apps.payments.services.changes import Changes
from apps.payments.services.note_lost_charges import note_lost_charges
from apps.payments.services.operations import cause_of, lock_open_operations
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import lock_many, update_many


class Setback(NamedTuple):
    """What news says did not last: a call by the provider's name, and its kind; empty where it says none."""

    name: str = ""
    kind: str = ""

    @classmethod
    def of(cls, message: ProviderMessageRecord) -> Self:
        """Read what a message says of it."""
        return cls(name=message.call_reference, kind=message.setback_of)


def review_setbacks(
    *, about: Mapping[PaymentId, Collection[Setback]], now: datetime
) -> set[tuple[PaymentId, Setback]]:
    """Have what was done to each payment looked up once more: the call named, else the newest of its kind.

    `about` gives what the news is about by payment; nothing stands for news that says neither.
    A refund or a charge counts as in doubt until the look-up has confirmed it, or failed it: then a
    refund is tried again. A charge of which money has gone back cannot be in doubt as a whole: it is
    noted as lost, for a person. An authorisation that has run out voids the payment. Where the news may be
    about a call that is open, that is looked up instead, and decides; payments that no such news can be
    about are left alone. Of a payment one call is open at a time: returns by payment what has to wait until
    another one has ended. News of it is to be reviewed again then, or it would be lost.
    """
    with transaction.atomic(savepoint=False):
        locked = lock_many(Payment, about)
        under_way = lock_open_operations(locked)
        succeeded = _lock_succeeded(locked)
        changes = Changes(now=now)
        postponed: set[tuple[PaymentId, Setback]] = set()
        undecided: list[PaymentOperation] = []
        doubted: list[PaymentOperation] = []
        lost: list[PaymentOperation] = []
        changed: list[Payment] = []
        for payment in locked:
            done = succeeded.get(payment.id, [])
            meant = _calls_meant(about[payment.id], done)
            calls = under_way.get(payment.id, [])
            if calls:
                waiting = {one for one, call in meant.items() if _is_of_none(calls, one, call)}
                postponed |= {(payment.id, one) for one in waiting}
                if len(meant) > len(waiting):
                    undecided += [one for one in calls if one.state in UNDECIDED]
                continue
            found = [call for call in meant.values() if call is not None]
            if not found:
                continue
            # The newest first: a charge is looked at after the refunds of it, ids sort by their time.
            operation = max(found, key=lambda call: call.id)
            postponed |= {
                (payment.id, one) for one, call in meant.items() if call not in (None, operation)
            }
            operation.payment = payment
            if operation.kind == OperationKind.CAPTURE and payment.refunded_minor:
                if _is_told_of(operation, meant):
                    lost.append(operation)
                    changed.append(payment)
            elif operation.kind != OperationKind.AUTHORIZE:
                before = payment.status
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
        note_lost_charges(charges=lost, changes=changes)
        changes.write(changed)
        wake_dispatch_on_commit({one.gate for one in (*undecided, *doubted)})
    return postponed


def _calls_meant(
    setbacks: Collection[Setback], done: Sequence[PaymentOperation]
) -> dict[Setback, PaymentOperation | None]:
    """Give the succeeded call that each setback is of, as named or else the newest; None where there is none."""
    meant: dict[Setback, PaymentOperation | None] = {}
    for one in setbacks or [Setback()]:
        named = [call for call in done if call.reference == one.name]
        of_kind = [call for call in done if one.kind in ("", call.kind)]
        meant[one] = next(reversed(named or of_kind), None)
    return meant


def _is_of_none(
    open_calls: Sequence[PaymentOperation], setback: Setback, meant: PaymentOperation | None
) -> bool:
    """Whether the news is of a charge or refund that was made, and of none of the calls that are open.

    Of an authorisation whatever is open decides.
    """
    if meant is None or meant.kind == OperationKind.AUTHORIZE:
        return False
    is_of_other_kind = setback.kind not in {"", *(call.kind for call in open_calls)}
    return meant.reference == setback.name or is_of_other_kind


def _is_told_of(charge: PaymentOperation, meant: Mapping[Setback, PaymentOperation | None]) -> bool:
    """Whether the news is of a charge for sure, and not of whatever was done last."""
    return any(
        call == charge
        and (one.kind == OperationKind.CAPTURE or (one.name and one.name == charge.reference))
        for one, call in meant.items()
    )


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
