"""Keep that a provider's message could not be handled, for a person to see and for a later try."""

from datetime import datetime

import structlog

from apps.kernel.identifiers import PaymentId
from apps.payments.models import ProviderMessageRecord
from apps.payments.services.message_pauses import pause_after
from apps.platform.telemetry.metrics import webhooks_total

TRACEBACK_EVERY = 20
"""A traceback is logged anew at every such attempt, about once in a day: logs are not kept for ever."""

log = structlog.get_logger(__name__)


def note_failure(
    *, message: ProviderMessageRecord, payment_id: PaymentId | None, error: Exception, now: datetime
) -> None:
    """Write the kind of error and the payment that was found into a message, and have it tried again later.

    What was handled or given up since it failed stays as it is. The log has the error with its traceback
    the first time, where it is of another kind than the last one, and every 20 attempts.
    """
    attempts, failure = message.attempts + 1, type(error).__name__[:64]
    is_open = ProviderMessageRecord.objects.filter(id=message.id, handled_at=None).update(
        attempts=attempts,
        next_at=now + pause_after(attempts),
        failure=failure,
        payment_id=payment_id or message.payment_id,
    )
    if not is_open:
        return
    tells_more = message.failure != failure or attempts % TRACEBACK_EVERY == 0
    log.error(
        "message_failed",
        provider=message.provider,
        kind=message.kind,
        name=message.event_id,
        reference=message.reference,
        payment_id=str(payment_id or ""),
        attempts=attempts,
        exc_info=error if tells_more else None,
    )
    webhooks_total.labels(provider=message.provider, outcome="failed").inc()
