"""The one place where what a provider did becomes true for us, whoever brought the news.

The answer to our call, a look-up after a webhook and the sweep all end here. A fact that comes again
or too late changes nothing.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.kernel.events.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
)
from apps.payments.domain.operations import (
    LOOK_UP_PAUSE_SECONDS,
    OperationKind,
    OperationState,
    is_given_up,
    pause_after,
)
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import ActionRequired, Declined, Done, Outcome
from apps.payments.services.operations import cause_of
from apps.payments.services.undo_payments import (
    PAYMENT_FIELDS,
    fail_payment,
    undoing_operation,
)
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import update_many
from apps.platform.outbox.publishing import Fact, publish
from apps.platform.telemetry.metrics import payments_failed_total


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingHappened:
    """The provider did not do it; it is tried again."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """The provider may have done it; it is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider does not accept the call at all: a fault of ours."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFact:
    """How one attempt ended; `token` is that of the attempt."""

    operation_id: UUID
    token: int
    result: Outcome | NothingHappened | NotKnown | Refused


OPERATION_FIELDS = (
    "state",
    "next_at",
    "lease_until",
    "reference",
    "error_code",
    "error_detail",
    "updated_at",
)


@dataclass(slots=True)
class _Ledger:
    """What a batch of facts changes: rows to write and facts to publish."""

    now: datetime
    facts: list[Fact]
    operations: list[PaymentOperation]

    def publish(self, payment: Payment, operation: PaymentOperation, event: PaymentEvent) -> None:
        payment.version += 1
        self.facts.append(Fact(event=event, seq=payment.version, cause=cause_of(operation)))


def apply_gateway_facts(*, facts: Sequence[GatewayFact], now: datetime) -> None:
    """Record how attempts ended, move their payments and publish, with a constant number of statements.

    A fact whose attempt is not the newest one, or whose operation has ended, is dropped.
    """
    with transaction.atomic(savepoint=False):
        by_operation = {fact.operation_id: fact for fact in facts}
        payments = {
            payment.id: payment
            for payment in Payment.objects.filter(operations__in=list(by_operation))
            .order_by("id")
            .select_for_update(of=("self",))
        }
        operations = [
            operation
            for operation in PaymentOperation.objects.filter(id__in=list(by_operation))
            .order_by("id")
            .select_for_update()
            if operation.is_open and operation.token == by_operation[operation.id].token
        ]
        ledger = _Ledger(now=now, facts=[], operations=[])
        for operation in operations:
            payment = payments[operation.payment_id]
            operation.payment = payment
            operation.updated_at = payment.updated_at = now
            operation.lease_until = None
            _apply(operation, payment, by_operation[operation.id].result, ledger)
        touched = {operation.payment_id: payments[operation.payment_id] for operation in operations}
        update_many(operations, fields=OPERATION_FIELDS)
        update_many(list(touched.values()), fields=PAYMENT_FIELDS)
        PaymentOperation.objects.bulk_create(ledger.operations, ignore_conflicts=True)
        publish(ledger.facts)
        wake_dispatch_on_commit({operation.gate for operation in ledger.operations})


def _apply(
    operation: PaymentOperation,
    payment: Payment,
    result: Outcome | NothingHappened | NotKnown | Refused,
    ledger: _Ledger,
) -> None:
    match result:
        case Done():
            operation.state = OperationState.SUCCEEDED
            operation.reference = result.reference
            _DONE[OperationKind(operation.kind)](operation, payment, result, ledger)
        case ActionRequired():
            _wait_for_customer(operation, payment, result, ledger)
        case Declined():
            operation.state = OperationState.DECLINED
            operation.error_code, operation.error_detail = result.code[:64], result.detail
            _say_no(operation, payment, result.code, result.detail, ledger)
        case Refused():
            operation.state = OperationState.FAILED
            operation.error_code, operation.error_detail = result.code[:64], result.detail
            _say_no(operation, payment, result.code, "The payment could not be made.", ledger)
        case NotKnown():
            operation.state = OperationState.UNKNOWN
            pause = pause_after(operation.attempts, random.random())
            operation.next_at = ledger.now + max(timedelta(seconds=LOOK_UP_PAUSE_SECONDS), pause)
        case NothingHappened():
            _try_again(operation, payment, result.code, ledger)
        case _:
            assert_never(result)


def _authorized(operation: PaymentOperation, payment: Payment, done: Done, ledger: _Ledger) -> None:
    payment.authorize(reference=done.reference, brand=done.brand, last4=done.last4)
    if payment.is_unwanted:
        _undo(operation, payment, ledger)
        return
    ledger.publish(
        payment,
        operation,
        PaymentAuthorized(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            provider=payment.provider,
        ),
    )


def _captured(operation: PaymentOperation, payment: Payment, done: Done, ledger: _Ledger) -> None:
    payment.capture(amount_minor=operation.amount_minor)
    ledger.publish(
        payment,
        operation,
        PaymentCaptured(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            currency=payment.currency,
        ),
    )
    if payment.is_unwanted:
        _undo(operation, payment, ledger)


def _voided(operation: PaymentOperation, payment: Payment, done: Done, ledger: _Ledger) -> None:
    if payment.status == PaymentStatus.FAILED:
        return
    if payment.status == PaymentStatus.REQUIRES_ACTION:
        ledger.facts.append(fail_payment(payment, *_why_dropped(payment), cause_of(operation)))
        return
    payment.void()
    ledger.publish(
        payment, operation, PaymentVoided(payment_id=payment.id, order_id=payment.order_id)
    )


def _refunded(operation: PaymentOperation, payment: Payment, done: Done, ledger: _Ledger) -> None:
    payment.refunded_minor += operation.amount_minor
    if payment.refunded_minor == payment.captured_minor:
        payment.refund_whole()
    else:
        payment.refund_part()
    ledger.publish(
        payment,
        operation,
        PaymentRefunded(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            refunded_minor=payment.refunded_minor,
            currency=payment.currency,
        ),
    )


_DONE: dict[OperationKind, Callable[[PaymentOperation, Payment, Done, _Ledger], None]] = {
    OperationKind.AUTHORIZE: _authorized,
    OperationKind.CAPTURE: _captured,
    OperationKind.VOID: _voided,
    OperationKind.REFUND: _refunded,
}


def _undo(operation: PaymentOperation, payment: Payment, ledger: _Ledger) -> None:
    follow_up = undoing_operation(payment, cause=cause_of(operation), now=ledger.now)
    if follow_up is not None:
        ledger.operations.append(follow_up)


def _wait_for_customer(
    operation: PaymentOperation, payment: Payment, action: ActionRequired, ledger: _Ledger
) -> None:
    operation.state = OperationState.WAITING
    operation.reference = payment.authorization = action.reference
    if payment.status == PaymentStatus.PENDING:
        expires_at = ledger.now + timedelta(minutes=settings.OMS_PAYMENT_ACTION_MINUTES)
        payment.require_action(url=action.redirect_url, expires_at=expires_at)
        operation.next_at = expires_at
        if not payment.is_unwanted:
            ledger.publish(
                payment,
                operation,
                PaymentActionRequired(
                    payment_id=payment.id,
                    order_id=payment.order_id,
                    redirect_url=action.redirect_url,
                    expires_at=expires_at,
                ),
            )
    if payment.is_unwanted or _is_action_over(payment, ledger.now):
        # The customer's time is over, or nobody wants it any more: take the offer back.
        operation.state = OperationState.FAILED
        operation.error_code = _why_dropped(payment)[0]
        _undo(operation, payment, ledger)
    else:
        operation.next_at = payment.action_expires_at or ledger.now


def _is_action_over(payment: Payment, now: datetime) -> bool:
    return payment.action_expires_at is not None and payment.action_expires_at <= now


def _why_dropped(payment: Payment) -> tuple[str, str]:
    if payment.is_unwanted:
        return "cancelled", "The order was cancelled."
    return "action_expired", "The payment was not approved in time."


def _say_no(
    operation: PaymentOperation, payment: Payment, code: str, detail: str, ledger: _Ledger
) -> None:
    if operation.kind == OperationKind.AUTHORIZE:
        if payment.status == PaymentStatus.FAILED:
            return
        payments_failed_total.labels(gateway=payment.provider).inc()
        ledger.facts.append(fail_payment(payment, code, detail, cause_of(operation)))
    elif operation.kind == OperationKind.REFUND:
        ledger.publish(
            payment,
            operation,
            PaymentRefundFailed(
                payment_id=payment.id,
                order_id=payment.order_id,
                amount_minor=operation.amount_minor,
                currency=payment.currency,
                code=code[:64],
            ),
        )
    elif payment.is_unwanted:
        # A capture or void that cannot be: what the payment is now decides how to give it back.
        _undo_differently(operation, payment, ledger)


def _undo_differently(operation: PaymentOperation, payment: Payment, ledger: _Ledger) -> None:
    if operation.kind == OperationKind.CAPTURE:
        _undo(operation, payment, ledger)


def _try_again(operation: PaymentOperation, payment: Payment, code: str, ledger: _Ledger) -> None:
    operation.error_code = code[:64]
    if operation.kind == OperationKind.AUTHORIZE:
        limit = timedelta(minutes=settings.OMS_PAYMENT_WAIT_MINUTES)
        if payment.is_unwanted:
            operation.state = OperationState.FAILED
            _say_no(operation, payment, "cancelled", "The order was cancelled.", ledger)
            return
        if is_given_up(created_at=operation.created_at, now=ledger.now, limit=limit):
            operation.state = OperationState.FAILED
            _say_no(
                operation,
                payment,
                "wait_expired",
                "The payment provider was not available.",
                ledger,
            )
            return
    operation.state = OperationState.PENDING
    operation.next_at = ledger.now + pause_after(operation.attempts, random.random())
