"""Make the rows of operations."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q

from apps.kernel.cause import Cause
from apps.kernel.identifiers import new_id
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.operations import OPEN_STATES, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation, PaymentStatus


def new_operation(
    payment: Payment,
    kind: OperationKind,
    *,
    amount_minor: int,
    nth: int = 1,
    cause: Cause,
    now: datetime,
) -> PaymentOperation:
    """Prepare a call for a payment, not stored yet.

    The key is made of the payment, the kind and the count of such calls, so that the same wish gives
    the same key whatever happens in between.
    """
    return PaymentOperation(
        id=new_id(),
        payment=payment,
        kind=kind,
        provider=payment.provider,
        gate=gateway_named(payment.provider).route(payment.method_token),
        amount_minor=amount_minor,
        idempotency_key=f"{payment.id}:{kind}:{nth}",
        state=OperationState.PENDING,
        next_at=now,
        actor=cause.actor,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id or "",
        region=cause.region,
        trace_context=cause.trace_context,
        created_at=now,
        updated_at=now,
    )


def undoing_operations(
    wishes: Sequence[tuple[Payment, Cause]], *, now: datetime
) -> list[PaymentOperation]:
    """Prepare the calls that give the money of locked payments back, with one statement for all.

    Where nothing was taken there is none, and none where such a call is open already: what it
    brings decides what is left to do. One after another that failed has a key of its own.
    """
    if not wishes:
        return []
    calls = {
        (payment_id, kind): (asked, under_way)
        for payment_id, kind, asked, under_way in PaymentOperation.objects.filter(
            payment_id__in=[payment.id for payment, _ in wishes]
        )
        .values_list("payment_id", "kind")
        .annotate(asked=Count("id"), under_way=Count("id", filter=Q(state__in=OPEN_STATES)))
    }
    operations = []
    for payment, cause in wishes:
        wanted = _undoing_call(payment)
        if wanted is None:
            continue
        kind, amount_minor = wanted
        asked, under_way = calls.get((payment.id, kind), (0, 0))
        if not under_way:
            operations.append(
                new_operation(
                    payment, kind, amount_minor=amount_minor, nth=asked + 1, cause=cause, now=now
                )
            )
    return operations


def _undoing_call(payment: Payment) -> tuple[OperationKind, int] | None:
    match payment.status:
        case PaymentStatus.AUTHORIZED | PaymentStatus.REQUIRES_ACTION:
            return OperationKind.VOID, payment.amount_minor
        case PaymentStatus.CAPTURED | PaymentStatus.PARTIALLY_REFUNDED:
            return OperationKind.REFUND, payment.captured_minor - payment.refunded_minor
        case _:
            return None


def cause_of(operation: PaymentOperation) -> Cause:
    """Give the cause of what an operation brings about."""
    return Cause(
        correlation_id=operation.correlation_id,
        causation_id=f"operation:{operation.id}",
        actor="system",
        region=operation.region,
        trace_context=operation.trace_context,
    )
