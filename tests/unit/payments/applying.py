"""Calls and payments that nothing has stored, and what is made of them by how an attempt ends."""

import uuid
from datetime import UTC, datetime, timedelta

from apps.kernel.identifiers import OrderId, new_id
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Result
from apps.payments.services.changes import Changes
from apps.payments.services.gateway_rules import apply_result

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AUTHORIZE, CAPTURE, VOID = OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.VOID
RENEW = OperationKind.RENEW


def payment(status: str = "authorized", **values: object) -> Payment:
    return Payment(
        status=status,
        order_id=OrderId(new_id()),
        amount_minor=1000,
        currency="EUR",
        provider="stripe",
        **values,
    )


def operation(kind: OperationKind, of: Payment, **values: object) -> PaymentOperation:
    """Give a call for all of a payment, tried once."""
    given: dict[str, object] = {
        "amount_minor": of.amount_minor,
        "created_at": NOON,
        "next_at": NOON,
        "attempts": 1,
        **values,
    }
    return PaymentOperation(
        payment=of,
        kind=kind,
        state=OperationState.IN_FLIGHT,
        actor="service:test",
        correlation_id=uuid.uuid4(),
        causation_id="request:test",
        region="test",
        **given,
    )


def applied(call: PaymentOperation, result: Result, now: datetime = NOON) -> Changes:
    changes = Changes(now=now)
    apply_result(call, call.payment, result, changes)
    return changes


def moved(changes: Changes) -> list[tuple[str, str, int]]:
    return [(one.from_account, one.to_account, one.amount_minor) for one in changes.entries]


def facts(changes: Changes) -> list[str]:
    return [type(one.event).__name__ for one in changes.facts]
