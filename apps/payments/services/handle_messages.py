"""Store what providers tell us, and look at what it concerns.

A message is never taken at its word: it makes the operation it names due for a look-up, whose answer
counts. So repeated, late and reordered messages do no harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.payments.adapters.registry import gateway_named, is_set_up
from apps.payments.domain.operations import OperationState
from apps.payments.domain.refusals import UnknownProvider, WebhookRefused
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import BadSignature
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import update_many
from apps.platform.outbox.wakeups import wake
from apps.platform.telemetry.metrics import webhooks_total

HANDLE_MESSAGES = "payments.messages:"
BATCH = 100
GIVE_UP_AFTER = timedelta(days=3)
UNMATCHED_PAUSE = timedelta(seconds=30)
IN_FLIGHT_PAUSE = timedelta(seconds=1)


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
                    is_setback=message.is_setback,
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
    """Match stored messages to payments and have what they are about looked up.

    That is what is open about the payment; where nothing is, and the message tells of a setback,
    what had succeeded.

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
        payments = _payments_of(messages)
        looked_up: set[UUID] = set()
        in_flight = _list_in_flight(payments.values())
        for message in messages:
            payment_id = payments.get(message.id)
            message.attempts += 1
            if payment_id in in_flight:
                # The call under way may have been answered before this happened: look after it.
                message.next_at = now + IN_FLIGHT_PAUSE
            elif payment_id is not None:
                looked_up.add(payment_id)
                message.handled_at = now
            elif now - message.received_at > GIVE_UP_AFTER or _names_nothing(message):
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
        setbacks = {payments.get(one.id) for one in messages if one.is_setback}
        review_setbacks(payment_ids=looked_up & setbacks, now=now)
    return len(messages)


def _names_nothing(message: ProviderMessageRecord) -> bool:
    return message.payment_id is None and not message.reference


def _list_in_flight(payment_ids: Iterable[UUID]) -> set[UUID]:
    return set(
        PaymentOperation.objects.filter(
            payment_id__in=list(payment_ids), state=OperationState.IN_FLIGHT
        ).values_list("payment_id", flat=True)
    )


def _payments_of(messages: Sequence[ProviderMessageRecord]) -> dict[int, UUID]:
    """Find the payment of each message, by our id where it was sent along, else by reference."""
    ids = {message.payment_id for message in messages if message.payment_id}
    references = {message.reference for message in messages if message.reference}
    known: set[UUID] = set()
    by_reference: dict[tuple[str, str], UUID] = {}
    for payment_id, provider, authorization in Payment.objects.filter(
        Q(id__in=ids) | Q(authorization__in=references)
    ).values_list("id", "provider", "authorization"):
        known.add(payment_id)
        if authorization:
            by_reference[provider, authorization] = payment_id
    found: dict[int, UUID] = {}
    for message in messages:
        by_id = message.payment_id if message.payment_id in known else None
        payment = by_id or by_reference.get((message.provider, message.reference))
        if payment is not None:
            found[message.id] = payment
    return found
