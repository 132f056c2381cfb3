"""What it means that an authorisation was renewed, or that it could not be.

Nothing moves by it, so there is no entry in the ledger and no event. While it is under way neither a
charge nor a void is begun (see `claim_operations`): they might be made of what is no more.
"""

from datetime import datetime, timedelta

from django.conf import settings

from apps.kernel.cause import Cause
from apps.payments.adapters.registry import validity_of
from apps.payments.domain.operations import TIME_OVER, OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import (
    NOT_OFFERED,
    Accepted,
    Done,
    NothingHappened,
    NotKnown,
    Refused,
    Result,
)
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of
from apps.platform.telemetry.metrics import authorisations_running_out_total


def renewed(operation: PaymentOperation, payment: Payment, done: Done, changes: Changes) -> None:
    """Take in that the amount is held for longer; one that gained no time to speak of is warned of.

    Where the order was called off meanwhile, what is held now is given back.
    """
    if payment.status == PaymentStatus.AUTHORIZED:
        until = done.held_until or changes.now + validity_of(payment.provider)
        payment.renew(authorization=done.authorization, until=until)
        changes.step(payment, "Authorisation renewed", cause_of(operation))
    if payment.owes_money_back:
        changes.undo(payment, cause_of(operation))
    elif payment.status == PaymentStatus.AUTHORIZED and _is_short(payment, changes.now):
        warn_of_ending(payment, cause_of(operation), changes)


def renewal_failed(
    operation: PaymentOperation, payment: Payment, code: str, changes: Changes
) -> None:
    """Give back what nobody wants any more, or else warn that it will run out.

    A provider that refused is asked whether it still holds the amount at all: it may have refused
    because it does not, and news of that may have come while the renewal was under way.
    """
    if payment.owes_money_back:
        changes.undo(payment, cause_of(operation))
        return
    changes.step(payment, f"Renewal failed ({code})", cause_of(operation))
    if payment.status != PaymentStatus.AUTHORIZED:
        return
    warn_of_ending(payment, cause_of(operation), changes)
    if code != NOT_OFFERED:
        changes.look_for(payment, OperationKind.VOID, cause_of(operation))


def warn_of_ending(payment: Payment, cause: Cause, changes: Changes) -> None:
    """Say, once, that the provider will let an authorisation go before long."""
    payment.is_ending_known = True
    changes.count(authorisations_running_out_total, payment)
    changes.step(payment, "The authorisation runs out soon", cause)


def insist_on_time(
    operation: PaymentOperation, payment: Payment, result: Result, now: datetime
) -> Result:
    """Give up a renewal that has not ended in time; else give what is known.

    Charges and voids wait for it, and have to be made while the old authorisation lasts. Should it
    have been made after all, nothing is left behind: a void goes by the authorisation's first name,
    which lets both go.
    """
    over_at = given_up_at(operation, payment)
    if (
        over_at is None
        or over_at > now
        or not isinstance(result, Accepted | NotKnown | NothingHappened)
    ):
        return result
    if isinstance(result, Accepted):
        operation.reference = result.reference
    return Refused(code=TIME_OVER, detail="The authorisation was not renewed in time.")


def given_up_at(operation: PaymentOperation, payment: Payment) -> datetime | None:
    """Give when a renewal is given up: at half of the time that was left when it was asked for."""
    if payment.authorized_until is None:
        return None
    return operation.created_at + (payment.authorized_until - operation.created_at) / 2


def _is_short(payment: Payment, now: datetime) -> bool:
    """Whether it would have to be renewed at once again, and so for ever."""
    soon = now + timedelta(hours=settings.OMS_AUTHORISATION_WARNING_HOURS)
    return payment.authorized_until is None or payment.authorized_until <= soon
