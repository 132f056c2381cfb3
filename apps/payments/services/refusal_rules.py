"""What it means for a payment that a provider refuses a call, or that it is given up."""

from datetime import timedelta
from itertools import takewhile
from typing import assert_never

from apps.kernel.events.payments import (
    PaymentCaptureFailed,
    PaymentRefundFailed,
    PaymentVoidFailed,
)
from apps.payments.domain.operations import (
    ENDED_BADLY,
    FIRST_UNDO_PAUSE_SECONDS,
    LONGEST_UNDO_PAUSE_SECONDS,
    MONEY_BACK,
    OperationKind,
    OperationState,
)
from apps.payments.models import LedgerEntry, Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import ALREADY_CAPTURED
from apps.payments.services.changes import Changes
from apps.payments.services.letting_go import let_go
from apps.payments.services.operations import cause_of
from apps.payments.services.renewal_rules import renewal_failed
from apps.platform.resilience.backoff import delay_seconds
from apps.platform.telemetry.metrics import captures_failed_total


def say_no(
    operation: PaymentOperation, payment: Payment, code: str, detail: str, changes: Changes
) -> None:
    """Take in that a call will not be carried out; `code` and `detail` may leave the house.

    A payment that cannot be begun fails. A charge that cannot be made is told, or the authorisation
    given back where nobody wants it. What cannot be given back is told, and tried again later. An
    authorisation that cannot be renewed is warned of.
    """
    # A refund that is only looked at was made at the provider's own desk: failed, it is owed again.
    if operation.only_looks and operation.kind != OperationKind.REFUND:
        _was_not_done(operation, payment, changes)
        return
    if operation.kind in MONEY_BACK:
        _undo_later(operation, payment, changes)
    match OperationKind(operation.kind):
        case OperationKind.AUTHORIZE:
            if payment.status != PaymentStatus.FAILED:
                changes.fail(payment, code, detail, cause_of(operation))
        case OperationKind.CAPTURE:
            _capture_failed(operation, payment, code, detail, changes)
        case OperationKind.VOID:
            _void_failed(operation, payment, code, changes)
        case OperationKind.REFUND:
            _refund_failed(operation, payment, code, changes)
        case OperationKind.RENEW:
            renewal_failed(operation, payment, code, changes)
        case _:
            assert_never(operation.kind)


def _was_not_done(operation: PaymentOperation, payment: Payment, changes: Changes) -> None:
    """Go on after a question that was answered with no; whoever wants the money back has waited for it."""
    if _was_charged(operation, payment):
        changes.look_for(payment, OperationKind.CAPTURE, cause_of(operation))
    elif (
        operation.kind == OperationKind.CAPTURE
        and operation.state == OperationState.DECLINED
        and payment.status == PaymentStatus.AUTHORIZED
    ):
        # It cannot be voided because it was charged, and the charge did not last: nothing is left.
        let_go(operation, payment, changes)
    elif payment.owes_money_back and not _was_void_tried(operation, payment):
        changes.undo(payment, cause_of(operation))
    elif payment.undo_at is None:
        # The provider says that a void is too late, and that nothing was charged: time may tell. One that
        # is to be tried again anyway is not put off by a question.
        _undo_later(operation, payment, changes)


def _was_void_tried(operation: PaymentOperation, payment: Payment) -> bool:
    """Whether a void was asked for before a question, which may itself be after a void that was not made."""
    voids = PaymentOperation.objects.filter(
        payment_id=payment.id, kind=OperationKind.VOID, only_looks=False
    )
    return operation.kind != OperationKind.VOID and voids.exists()


def _was_charged(operation: PaymentOperation, payment: Payment) -> bool:
    """Whether what was to be let go, or was asked after, turns out to be charged, as we have not heard yet."""
    is_said = (operation.kind, operation.error_code) == (OperationKind.VOID, ALREADY_CAPTURED)
    return is_said and payment.status == PaymentStatus.AUTHORIZED


def _undo_later(operation: PaymentOperation, payment: Payment, changes: Changes) -> None:
    """Set when it is tried again: the later, the more often it was refused since it last went well."""
    if payment.owes_money_back:
        before = PaymentOperation.objects.filter(
            payment_id=payment.id, kind=operation.kind, nth__lt=operation.nth
        ).order_by("-nth")
        refused = 1 + sum(
            1 for _ in takewhile(ENDED_BADLY.__contains__, before.values_list("state", flat=True))
        )
        seconds = delay_seconds(
            refused, base=FIRST_UNDO_PAUSE_SECONDS, cap=LONGEST_UNDO_PAUSE_SECONDS
        )
        payment.undo_at = changes.now + timedelta(seconds=seconds)


def _capture_failed(
    operation: PaymentOperation, payment: Payment, code: str, detail: str, changes: Changes
) -> None:
    if payment.is_unwanted:
        changes.undo(payment, cause_of(operation))
        return
    changes.count(captures_failed_total, payment)
    changes.step(payment, f"Capture failed ({code})", cause_of(operation))
    changes.publish(
        payment,
        PaymentCaptureFailed(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            currency=payment.currency,
            code=code,
            detail=detail,
        ),
        cause_of(operation),
    )


def _void_failed(
    operation: PaymentOperation, payment: Payment, code: str, changes: Changes
) -> None:
    if _was_charged(operation, payment):
        # Somebody charged it without us: once that is in our books it can be refunded.
        payment.undo_at = None
        changes.look_for(payment, OperationKind.CAPTURE, cause_of(operation))
        return
    changes.step(payment, f"Void failed ({code})", cause_of(operation))
    changes.publish(
        payment,
        PaymentVoidFailed(payment_id=payment.id, order_id=payment.order_id, code=code),
        cause_of(operation),
    )


def _refund_failed(
    operation: PaymentOperation, payment: Payment, code: str, changes: Changes
) -> None:
    changes.step(payment, f"Refund failed ({code})", cause_of(operation))
    was_counted = LedgerEntry.objects.filter(operation_id=operation.id).exists()
    if payment.gone_minor and not payment.owes_money_back and not was_counted:
        # As much went back at the provider's own desk meanwhile, or is disputed: nobody has to look.
        return
    changes.publish(
        payment,
        PaymentRefundFailed(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            currency=payment.currency,
            code=code,
            refunded_minor=payment.refunded_minor,
        ),
        cause_of(operation),
    )
