"""Note where a provider says another thing of a call than the person, or the clock, that ended it."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from apps.payments.domain.operations import CLOSED_BY_HAND, TIME_OVER, OperationState
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of
from apps.platform.bulk import lock_many

log = structlog.get_logger(__name__)


def note_contradictions(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Write a step into the history of each payment whose closed call ended otherwise, as told now.

    Nothing else changes: a person has to look, and to put it right in the provider's books or by a
    refund. Each message is stored once, and so noted once. Most messages find no such call, by one
    statement for all of them.
    """
    if not messages:
        return
    closed = list(
        PaymentOperation.objects.filter(
            payment_id__in={one.payment_id for one in messages},
            error_code__in=(CLOSED_BY_HAND, TIME_OVER),
        )
    )
    contradicted = [
        (call, message) for message in messages for call in closed if _contradicts(message, call)
    ]
    if not contradicted:
        return
    with transaction.atomic(savepoint=False):
        payments = {
            one.id: one for one in lock_many(Payment, {call.payment_id for call, _ in contradicted})
        }
        changes = Changes(now=now)
        for call, message in contradicted:
            payment = payments[call.payment_id]
            payment.updated_at = now
            said = "was done" if message.was_done else "was not done"
            changes.step(payment, f"The provider says that the {call.kind} {said}", cause_of(call))
            log.warning("closed_call_contradicted", kind=call.kind, operation=str(call.id))
        changes.write(list(payments.values()))


def _contradicts(message: ProviderMessageRecord, call: PaymentOperation) -> bool:
    is_about_it = (
        message.payment_id == call.payment_id
        and bool(call.reference)
        and call.reference in (message.call_reference, message.reference)
    )
    return is_about_it and message.was_done != (call.state == OperationState.SUCCEEDED)
