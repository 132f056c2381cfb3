"""What each way an attempt can end means for its operation and its payment."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from django.conf import settings

from apps.kernel.events.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentUnderReview,
)
from apps.payments.adapters.registry import validity_of
from apps.payments.domain.accounts import Account
from apps.payments.domain.declines import public_code
from apps.payments.domain.operations import (
    FIRST_NEWS_PAUSE_SECONDS,
    LONGEST_NEWS_PAUSE_SECONDS,
    LOOK_UP_PAUSE_SECONDS,
    MONEY_BACK,
    OperationKind,
    OperationState,
    is_given_up,
)
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    NothingHappened,
    NotKnown,
    NotMade,
    Refused,
    Result,
)
from apps.payments.services.changes import Changes
from apps.payments.services.charge_rules import charged, insist_on_authorised
from apps.payments.services.letting_go import let_go
from apps.payments.services.operations import cause_of
from apps.payments.services.refund_rules import give_up_overtaken, insist_on_room, refunded
from apps.payments.services.refusal_rules import say_no
from apps.payments.services.renewal_rules import given_up_at, insist_on_time, renewed
from apps.platform.resilience.backoff import delay_seconds

NOT_DONE = ("not_done", "The provider was only asked; it was not done there.")
CALLED_OFF = ("cancelled", "The order was cancelled.")


def apply_result(
    operation: PaymentOperation,
    payment: Payment,
    result: Result,
    changes: Changes,
) -> None:
    """Bring an operation and its payment up to date with how an attempt ended; both are locked."""
    if operation.kind == OperationKind.RENEW:
        result = insist_on_time(operation, payment, result, changes.now)
    if operation.kind == OperationKind.CAPTURE:
        result = insist_on_authorised(operation, payment, result, changes)
    if operation.kind == OperationKind.REFUND:
        result = insist_on_room(operation, payment, result)
    match result:
        case Done():
            operation.state = OperationState.SUCCEEDED
            operation.reference = result.reference
            _DONE[OperationKind(operation.kind)](operation, payment, result, changes)
        case ActionRequired():
            _wait_for_customer(operation, payment, result, changes)
        case Accepted():
            _wait_for_news(operation, payment, result, changes)
        case Declined():
            operation.state = OperationState.DECLINED
            operation.reference = result.reference or operation.reference
            operation.error_code, operation.error_detail = result.code[:64], result.detail
            operation.provider_code = result.provider_code[:64]
            say_no(operation, payment, public_code(result.code[:64]), result.detail, changes)
        case Refused():
            operation.state = OperationState.FAILED
            operation.error_code, operation.error_detail = result.code[:64], result.detail
            say_no(operation, payment, result.code, "The payment could not be made.", changes)
        case NotKnown():
            operation.state = OperationState.UNKNOWN
            pause = max(timedelta(seconds=LOOK_UP_PAUSE_SECONDS), _pause_after(operation))
            operation.next_at = changes.now + pause
        case NotMade():
            operation.state = OperationState.FAILED
            if operation.kind == OperationKind.REFUND and not operation.only_looks:
                give_up_overtaken(operation, payment, changes)
            else:
                operation.error_code, operation.error_detail = (
                    NOT_DONE if operation.only_looks else CALLED_OFF
                )
                say_no(operation, payment, *CALLED_OFF, changes)
        case NothingHappened():
            _try_again(operation, payment, result.code, changes)
        case _:
            assert_never(result)
    if operation.kind == OperationKind.RENEW and operation.is_open:
        over_at = given_up_at(operation, payment)
        operation.next_at = min(operation.next_at, over_at or operation.next_at)


def _authorized(
    operation: PaymentOperation, payment: Payment, done: Done, changes: Changes
) -> None:
    before = payment.status
    payment.authorize(reference=done.reference, brand=done.brand, last4=done.last4)
    payment.authorized_until = done.held_until or changes.now + validity_of(payment.provider)
    changes.move(
        operation,
        payment.amount_minor,
        from_account=Account.CUSTOMER,
        to_account=Account.AUTHORISED,
        what="Authorised",
    )
    changes.step(payment, "Authorised", cause_of(operation), before=before)
    if payment.is_unwanted:
        changes.undo(payment, cause_of(operation))
        return
    changes.publish(
        payment,
        PaymentAuthorized(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            provider=payment.provider,
        ),
        cause_of(operation),
    )


def _voided(operation: PaymentOperation, payment: Payment, done: Done, changes: Changes) -> None:
    if payment.status == PaymentStatus.FAILED:
        return
    if payment.status == PaymentStatus.REQUIRES_ACTION:
        changes.fail(payment, *_why_dropped(payment), cause_of(operation))
        return
    let_go(operation, payment, changes, has_expired=done.has_expired)


_DONE: dict[OperationKind, Callable[[PaymentOperation, Payment, Done, Changes], None]] = {
    OperationKind.AUTHORIZE: _authorized,
    OperationKind.CAPTURE: charged,
    OperationKind.VOID: _voided,
    OperationKind.REFUND: refunded,
    OperationKind.RENEW: renewed,
}


def _wait_for_customer(
    operation: PaymentOperation, payment: Payment, action: ActionRequired, changes: Changes
) -> None:
    operation.state = OperationState.WAITING
    operation.reference = payment.authorization = action.reference
    if payment.status == PaymentStatus.PENDING:
        expires_at = changes.now + timedelta(minutes=settings.OMS_PAYMENT_ACTION_MINUTES)
        before = payment.status
        payment.require_action(url=action.redirect_url, expires_at=expires_at)
        changes.step(payment, "Customer must approve", cause_of(operation), before=before)
        if not payment.is_unwanted:
            changes.publish(
                payment,
                PaymentActionRequired(
                    payment_id=payment.id,
                    order_id=payment.order_id,
                    redirect_url=action.redirect_url,
                    expires_at=expires_at,
                    provider=payment.provider,
                ),
                cause_of(operation),
            )
    if payment.is_unwanted or is_action_over(payment, changes.now):
        # The customer's time is over, or nobody wants it any more: take the offer back.
        operation.state = OperationState.FAILED
        operation.error_code = _why_dropped(payment)[0]
        changes.undo(payment, cause_of(operation))
    else:
        operation.next_at = payment.action_expires_at or changes.now


def _wait_for_news(
    operation: PaymentOperation, payment: Payment, accepted: Accepted, changes: Changes
) -> None:
    """Leave it to the provider to tell how it ended, and ask now and then; the payment stays what it is."""
    operation.state = OperationState.WAITING
    # Its first answer, or the first one after the customer was asked, which mostly has the same reference.
    is_authorisation = operation.kind == OperationKind.AUTHORIZE
    is_new = not operation.reference or (is_authorisation and payment.action_url != "")
    if is_new or operation.reference != accepted.reference:
        operation.reference = accepted.reference
        changes.step(payment, f"The provider is at the {operation.kind}", cause_of(operation))
    if is_new and is_authorisation:
        payment.stop_asking()
        if not payment.is_unwanted:
            changes.publish(
                payment,
                PaymentUnderReview(
                    payment_id=payment.id, order_id=payment.order_id, provider=payment.provider
                ),
                cause_of(operation),
            )
    seconds = delay_seconds(
        max(1, operation.attempts), base=FIRST_NEWS_PAUSE_SECONDS, cap=LONGEST_NEWS_PAUSE_SECONDS
    )
    operation.next_at = changes.now + timedelta(seconds=seconds)


def is_action_over(payment: Payment, now: datetime) -> bool:
    """Whether the time that a customer has to approve a payment is over."""
    return payment.action_expires_at is not None and payment.action_expires_at <= now


def _why_dropped(payment: Payment) -> tuple[str, str]:
    if payment.is_unwanted:
        return CALLED_OFF
    return "action_expired", "The payment was not approved in time."


def _try_again(operation: PaymentOperation, payment: Payment, code: str, changes: Changes) -> None:
    operation.error_code = code[:64]
    reason = _why_given_up(operation, payment, changes.now)
    if reason is not None:
        operation.state = OperationState.FAILED
        say_no(operation, payment, *reason, changes)
        return
    operation.state = OperationState.PENDING
    operation.next_at = changes.now + _pause_after(operation)


def _why_given_up(
    operation: PaymentOperation, payment: Payment, now: datetime
) -> tuple[str, str] | None:
    """Say why a call of which nothing has come yet is not tried again; None where it is."""
    if operation.kind in MONEY_BACK:
        return None
    if payment.is_unwanted:
        return CALLED_OFF
    limit = timedelta(minutes=settings.OMS_PAYMENT_WAIT_MINUTES)
    if operation.kind == OperationKind.AUTHORIZE and is_given_up(
        created_at=operation.created_at, now=now, limit=limit
    ):
        return "wait_expired", "The payment provider was not available."
    return None


def _pause_after(operation: PaymentOperation) -> timedelta:
    """At least half of the wait, so that a crowd neither comes back at once nor as one."""
    wait = delay_seconds(max(1, operation.attempts))
    return timedelta(seconds=wait * (0.5 + random.random() / 2))
