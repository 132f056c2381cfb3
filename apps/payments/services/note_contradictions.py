"""Note where a provider says another thing of a call than the person, or the clock, that ended it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import CLOSED_BY_HAND, TIME_OVER, OperationState
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of
from apps.platform.bulk import lock_many

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A call that was closed, and the message by which its provider says whether it was carried out."""

    call: PaymentOperation
    message: ProviderMessageRecord


def list_contradictions(messages: Sequence[ProviderMessageRecord]) -> list[Contradiction]:
    """Give the closed calls of which messages say now that they ended otherwise.

    Most messages find no such call, by one statement for all of them.
    """
    told = [one for one in messages if one.was_done is not None]
    if not told:
        return []
    closed = list(
        PaymentOperation.objects.filter(
            payment_id__in={one.payment_id for one in told},
            error_code__in=(CLOSED_BY_HAND, TIME_OVER),
        )
    )
    return [
        Contradiction(call=call, message=message)
        for message in told
        for call in closed
        if _contradicts(message, call)
    ]


def note_contradictions(*, contradictions: Sequence[Contradiction], now: datetime) -> None:
    """Write a step into the history of each payment whose closed call ended otherwise, as told now.

    Nothing else changes: a person has to look, and to put it right in the provider's books or by a
    refund. Each message is stored once, and so noted once.
    """
    if not contradictions:
        return
    with transaction.atomic(savepoint=False):
        names = {one.call.payment_id for one in contradictions}
        payments = {one.id: one for one in lock_many(Payment, names)}
        changes = Changes(now=now)
        for one in contradictions:
            payment, call = payments[PaymentId(one.call.payment_id)], one.call
            payment.updated_at = now
            said = "was done" if one.message.was_done else "was not done"
            changes.step(payment, f"The provider says that the {call.kind} {said}", cause_of(call))
            log.warning(
                "closed_call_contradicted",
                kind=call.kind,
                operation_id=str(call.id),
                payment_id=str(payment.id),
                order_id=str(payment.order_id),
            )
        changes.write(list(payments.values()))


def _contradicts(message: ProviderMessageRecord, call: PaymentOperation) -> bool:
    is_about_it = (
        message.payment_id == call.payment_id
        and bool(call.reference)
        and call.reference in (message.call_reference, message.reference)
    )
    return is_about_it and message.was_done != (call.state == OperationState.SUCCEEDED)
