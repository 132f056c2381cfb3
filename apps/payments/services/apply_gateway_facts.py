"""The one place where what a provider did becomes true for us, whoever brought the news.

The answer to our call, a look-up after a webhook and the sweep all end here. A fact that comes again
or too late changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import ENDED_BADLY, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Done, Result
from apps.payments.services.changes import Changes
from apps.payments.services.gateway_rules import apply_result
from apps.payments.services.refund_rules import NO_ROOM
from apps.platform.bulk import lock_many, update_many


class GatewayFact(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt ended; `token` is that of the attempt."""

    operation_id: OperationId
    payment_id: PaymentId
    token: int
    result: Result


OPERATION_FIELDS = (
    "state",
    "next_at",
    "lease_until",
    "amount_minor",
    "reference",
    "error_code",
    "error_detail",
    "provider_code",
    "updated_at",
)


def apply_gateway_facts(*, facts: Sequence[GatewayFact], now: datetime) -> None:
    """Record how attempts ended, move their payments and publish, with a constant number of statements.

    A fact whose attempt is not the newest one, or whose operation has ended, is dropped.
    """
    with transaction.atomic(savepoint=False):
        by_operation = {fact.operation_id: fact for fact in facts}
        payments = {
            payment.id: payment
            for payment in lock_many(Payment, {fact.payment_id for fact in facts})
        }
        operations = [
            operation
            for operation in lock_many(PaymentOperation, by_operation)
            if operation.is_open and operation.token == by_operation[operation.id].token
        ]
        counted = _list_counted(operations, by_operation)
        changes = Changes(now=now)
        for operation in operations:
            payment = payments[PaymentId(operation.payment_id)]
            operation.payment = payment
            operation.updated_at = payment.updated_at = now
            asked_for_again, operation.lease_until = operation.is_asked_for_again, None
            result = by_operation[operation.id].result
            apply_result(
                operation, payment, NO_ROOM if operation.id in counted else result, changes
            )
            if asked_for_again and operation.state == OperationState.WAITING:
                operation.next_at = now
        touched = {operation.payment.id: operation.payment for operation in operations}
        update_many(operations, fields=OPERATION_FIELDS)
        changes.write(list(touched.values()))


def _list_counted(
    operations: Sequence[PaymentOperation], facts: Mapping[OperationId, GatewayFact]
) -> set[OperationId]:
    """Find the calls whose answer is a refund that another one stands for; mostly asks nothing.

    A provider with nothing left to refund may answer with what was made at its own desk.
    """
    told = {
        (operation.payment_id, result.reference): operation.id
        for operation in operations
        if operation.kind == OperationKind.REFUND
        and isinstance(result := facts[operation.id].result, Done)
    }
    if not told:
        return set()
    others = (
        PaymentOperation.objects.filter(
            payment_id__in={payment_id for payment_id, _ in told}, kind=OperationKind.REFUND
        )
        .exclude(id__in=told.values())
        .exclude(state__in=ENDED_BADLY)
        .exclude(reference="")
    )
    return {told[key] for key in others.values_list("payment_id", "reference") if key in told}
