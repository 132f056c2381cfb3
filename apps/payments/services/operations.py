"""Make the rows of operations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from msgspec.structs import replace

from apps.kernel.cause import Cause
from apps.kernel.identifiers import PaymentId, new_id
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.operations import OPEN_STATES, OperationKind, OperationState
from apps.payments.models import (
    Payment,
    PaymentOperation,
    PaymentStatus,
    ProviderMessageRecord,
)
from apps.platform.bulk import lock_many, new_row


def new_operation(
    payment: Payment,
    kind: OperationKind,
    *,
    amount_minor: int,
    nth: int = 1,
    state: OperationState = OperationState.PENDING,
    only_looks: bool = False,
    cause: Cause,
    now: datetime,
) -> PaymentOperation:
    """Prepare a call for a payment, not stored yet; one that begins as `unknown` is looked up first.

    The key is made of the payment, the kind and the count of such calls, so that the same wish gives
    the same key whatever happens in between.
    """
    return new_row(
        PaymentOperation,
        id=new_id(),
        payment_id=payment.id,
        kind=kind,
        provider=payment.provider,
        gate=gateway_named(payment.provider).route(payment.method_token),
        amount_minor=amount_minor,
        idempotency_key=f"{payment.id}:{kind}:{nth}",
        nth=nth,
        state=state,
        only_looks=only_looks,
        next_at=now,
        actor=cause.actor,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id or "",
        region=cause.region,
        trace_context=cause.trace_context,
        created_at=now,
        updated_at=now,
    )


def lock_open_operations(payments: Sequence[Payment]) -> dict[PaymentId, list[PaymentOperation]]:
    """Lock the open calls of locked payments, and give them by payment."""
    found: dict[PaymentId, list[PaymentOperation]] = {}
    for operation in lock_many(
        PaymentOperation,
        [payment.id for payment in payments],
        by="payment_id",
        where="t.state IN ('pending', 'in_flight', 'unknown', 'waiting')",
    ):
        found.setdefault(PaymentId(operation.payment_id), []).append(operation)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call to be recorded for a locked payment; without a kind, the one that gives its money back.

    The amount is in minor units; without one, what the kind of call is about as a whole.
    `looks_first`: it may have been done at the provider without us. `only_looks`: if it was not
    done there, it is not to be done.
    """

    payment: Payment
    cause: Cause
    kind: OperationKind | None = None
    amount_minor: int | None = None
    looks_first: bool = False
    only_looks: bool = False


def wished_operations(wishes: Sequence[Wish], *, now: datetime) -> list[PaymentOperation]:
    """Prepare the calls that are wished for, with one statement for all.

    Where nothing was taken, nothing is given back. Where a call of the kind is open already there
    is no second one: what it brings decides what is left to do. A call after others of its kind,
    which have ended, has a key of its own.
    """
    if not wishes:
        return []
    calls = {
        (payment_id, kind): (asked, under_way)
        for payment_id, kind, asked, under_way in PaymentOperation.objects.filter(
            payment_id__in=[wish.payment.id for wish in wishes]
        )
        .values_list("payment_id", "kind")
        .annotate(asked=Count("id"), under_way=Count("id", filter=Q(state__in=OPEN_STATES)))
    }
    operations = []
    for wish in wishes:
        kind = wish.kind or _undoing_kind(wish.payment)
        asked, under_way = calls.get((wish.payment.id, str(kind)), (0, 0))
        if kind is None or under_way or _has_been_found(wish):
            continue
        looks_first = wish.looks_first or wish.only_looks
        operations.append(
            new_operation(
                wish.payment,
                kind,
                amount_minor=_amount_of(wish.payment, kind)
                if wish.amount_minor is None
                else wish.amount_minor,
                nth=asked + 1,
                state=OperationState.UNKNOWN if looks_first else OperationState.PENDING,
                only_looks=wish.only_looks,
                cause=wish.cause,
                now=now,
            )
        )
    return operations


def _has_been_found(wish: Wish) -> bool:
    """Whether a charge is to be looked for that another call has brought in the same breath."""
    is_look = wish.only_looks and wish.kind == OperationKind.CAPTURE
    return is_look and wish.payment.status != PaymentStatus.AUTHORIZED


def _undoing_kind(payment: Payment) -> OperationKind | None:
    if payment.status in (PaymentStatus.AUTHORIZED, PaymentStatus.REQUIRES_ACTION):
        return OperationKind.VOID
    return OperationKind.REFUND if payment.to_refund_minor else None


def _amount_of(payment: Payment, kind: OperationKind) -> int:
    if kind is OperationKind.REFUND:
        return payment.to_refund_minor
    return payment.amount_minor


def cause_of(operation: PaymentOperation) -> Cause:
    """Give the cause of what an operation brings about, in the name of whoever asked for it."""
    return Cause(
        correlation_id=operation.correlation_id,
        causation_id=f"operation:{operation.id}",
        actor=operation.actor,
        region=operation.region,
        trace_context=operation.trace_context,
    )


def newest_causes(payment_ids: Collection[PaymentId]) -> dict[PaymentId, Cause]:
    """Give what led to the newest call of each payment, whose trace is gone on with; by one statement."""
    calls = PaymentOperation.objects.filter(payment_id__in=payment_ids)
    newest = calls.order_by("payment_id", "-id").distinct("payment_id")
    return {PaymentId(call.payment_id): cause_of(call) for call in newest}


def causes_in_name_of_providers(messages: Sequence[ProviderMessageRecord]) -> dict[int, Cause]:
    """Go on, for each matched message, in the trace of its payment with what the provider did by itself."""
    newest = newest_causes({PaymentId(one.payment_id) for one in messages if one.payment_id})
    return {
        one.id: replace(
            newest[PaymentId(one.payment_id)],
            causation_id=f"message:{one.id}",
            actor=f"system:{one.provider}",
        )
        for one in messages
        if one.payment_id in newest
    }
