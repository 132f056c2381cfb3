"""A payment step by step: what is asked of its provider, and what the provider says."""

import uuid
from datetime import datetime
from typing import Any

from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import ActionRequired, Done
from apps.payments.services.apply_gateway_facts import GatewayFact, apply_gateway_facts
from apps.payments.services.operations import new_operation
from tests.conftest import make_cause

ACTION = ActionRequired(reference="pi_1", redirect_url="https://bank.example")
DONE = Done(reference="pi_1", brand="visa", last4="4242")


def authorizing(now: datetime) -> tuple[Payment, PaymentOperation]:
    """Store a payment whose authorisation is still to be made."""
    payment = Payment.objects.create(
        order_id=OrderId(uuid.uuid4()),
        order_number="X",
        customer_id=CustomerId(uuid.uuid4()),
        amount_minor=100,
        currency="EUR",
        provider="stripe",
        method_type="card",
        method_token="pm_card_visa",
        created_at=now,
        updated_at=now,
    )
    operation = new_operation(
        payment, OperationKind.AUTHORIZE, amount_minor=100, cause=make_cause(), now=now
    )
    operation.save()
    return payment, operation


def hear(
    operation: PaymentOperation, result: Any, now: datetime, token: int | None = None
) -> Payment:
    """Have the provider answer a call; unless told otherwise, to whoever holds it."""
    apply_gateway_facts(
        facts=[
            GatewayFact(
                operation_id=operation.id,
                payment_id=PaymentId(operation.payment_id),
                token=operation.token if token is None else token,
                result=result,
            )
        ],
        now=now,
    )
    return Payment.objects.get(id=operation.payment_id)


def message(
    payment: Payment, now: datetime, event_id: str = "e", *, is_setback: bool = False
) -> ProviderMessageRecord:
    return ProviderMessageRecord.objects.create(
        provider="stripe",
        event_id=event_id,
        kind="payment_intent.x",
        reference=f"pi_{event_id}",
        payment_id=payment.id,
        is_setback=is_setback,
        received_at=now,
        next_at=now,
    )


def captured(now: datetime) -> Payment:
    """Store a payment that was authorised and charged."""
    payment, operation = authorizing(now)
    hear(operation, DONE, now)
    return hear(ask(payment, OperationKind.CAPTURE, now), Done(reference="ch_1"), now)


def ask(payment: Payment, kind: OperationKind, now: datetime) -> PaymentOperation:
    """Store a call for the whole amount, about to be made."""
    operation = new_operation(payment, kind, amount_minor=100, cause=make_cause(), now=now)
    operation.save()
    return operation
