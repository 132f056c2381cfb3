"""Make the rows of operations."""

from datetime import datetime

from apps.kernel.cause import Cause
from apps.kernel.identifiers import new_id
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation


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


def cause_of(operation: PaymentOperation) -> Cause:
    """Give the cause of what an operation brings about."""
    return Cause(
        correlation_id=operation.correlation_id,
        causation_id=f"operation:{operation.id}",
        actor="system",
        region=operation.region,
        trace_context=operation.trace_context,
    )
