"""Store what providers tell us, and look at what it concerns.

A message is never taken at its word: it makes the operation it names due for a look-up, whose answer
counts. So repeated, late and reordered messages do no harm.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.payments.adapters.registry import gateway_named, is_set_up
from apps.payments.domain.operations import OperationState
from apps.payments.domain.refusals import UnknownProvider, WebhookRefused
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import BadSignature
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import update_many
from apps.platform.outbox.wakeups import wake
from apps.platform.telemetry.metrics import webhooks_total

HANDLE_MESSAGES = "payments.messages:"
BATCH = 100
GIVE_UP_AFTER = timedelta(days=3)
UNMATCHED_PAUSE = timedelta(seconds=30)


def receive_message(
    *, provider: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> bool:
    """Verify a webhook and store it; returns False for one that was stored before.

    Raises:
        UnknownProvider: no such gateway is in use.
        WebhookRefused: the signature is wrong or too old; nothing was stored.
    """
    if not is_set_up(provider):
        raise UnknownProvider(f"There is no gateway named {provider!r}.")
    try:
        message = gateway_named(provider).read_message(body, headers, now)
    except BadSignature as error:
        webhooks_total.labels(provider=provider, outcome="refused").inc()
        raise WebhookRefused("The message's signature could not be verified.") from error
    with transaction.atomic(savepoint=False):
        stored = ProviderMessageRecord.objects.bulk_create(
            [
                ProviderMessageRecord(
                    provider=provider,
                    event_id=message.event_id,
                    kind=message.kind,
                    reference=message.reference,
                    payment_id=message.payment_id,
                    received_at=now,
                    next_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        transaction.on_commit(lambda: wake({HANDLE_MESSAGES}))
    webhooks_total.labels(provider=provider, outcome="stored").inc()
    return bool(stored)


def handle_messages(*, now: datetime) -> int:
    """Match stored messages to payments and make their open operations due for a look-up.

    A message whose payment is not known yet waits and is matched later, for up to three days.
    Returns the number of messages looked at.
    """
    with transaction.atomic(savepoint=False):
        messages = list(
            ProviderMessageRecord.objects.filter(handled_at=None, next_at__lte=now)
            .order_by("next_at")
            .select_for_update(skip_locked=True)[:BATCH]
        )
        if not messages:
            return 0
        known = _payments_of(messages)
        looked_up: set[UUID] = set()
        for message in messages:
            payment_id = message.payment_id or known.get((message.provider, message.reference))
            message.attempts += 1
            if payment_id is not None and payment_id in known.values():
                looked_up.add(payment_id)
                message.handled_at = now
            elif now - message.received_at > GIVE_UP_AFTER:
                message.handled_at = now
            else:
                message.next_at = now + UNMATCHED_PAUSE
        update_many(messages, fields=["attempts", "handled_at", "next_at"])
        due = PaymentOperation.objects.filter(
            payment_id__in=looked_up,
            state__in=[OperationState.UNKNOWN, OperationState.WAITING],
        )
        gates = set(due.values_list("gate", flat=True))
        due.update(next_at=now)
        wake_dispatch_on_commit(gates)
    return len(messages)


def _payments_of(messages: list[ProviderMessageRecord]) -> dict[tuple[str, str], UUID]:
    ids = [message.payment_id for message in messages if message.payment_id]
    references = [message.reference for message in messages if message.reference]
    found: dict[tuple[str, str], UUID] = {}
    for payment in Payment.objects.filter(Q(id__in=ids) | Q(authorization__in=references)):
        found[payment.provider, payment.authorization] = payment.id
    return found
