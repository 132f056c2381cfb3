"""Store what providers tell us, and look at what it concerns.

A message is hardly ever taken at its word: it makes the operation it names due for a look-up, whose
answer counts. So repeated, late and reordered messages do no harm. Only of disputes there is nothing
to look up: what the provider says of them goes one way.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from apps.payments.adapters.registry import gateway_named, is_set_up
from apps.payments.domain.operations import OperationState
from apps.payments.domain.refusals import UnknownProvider, WebhookRefused
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import BadSignature, ProviderMessage
from apps.payments.services.look_again import look_again
from apps.payments.services.note_contradictions import note_contradictions
from apps.payments.services.note_disputes import note_disputes
from apps.payments.services.review_setbacks import review_setbacks
from apps.platform.bulk import update_many
from apps.platform.outbox.wakeups import wake
from apps.platform.resilience.backoff import delay_seconds
from apps.platform.telemetry.metrics import webhooks_total

HANDLE_MESSAGES = "payments.messages:"
BATCH = 100
LONGEST_NAME = 128
GIVE_UP_AFTER = timedelta(days=3)
UNMATCHED_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600
IN_FLIGHT_PAUSE = timedelta(seconds=1)

# It is due at once, by the clock that says what is due.
_STORE = """
INSERT INTO payments_providermessagerecord
    (provider, event_id, kind, reference, payment_id, is_setback, call_reference, facts,
     dispute, was_done, received_at, next_at, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, now(), now(), 0)
ON CONFLICT (provider, event_id) DO NOTHING
RETURNING id
"""


def receive_messages(
    *, provider: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> bool:
    """Verify a webhook and store its messages; returns False where all of them were stored before.

    `now` judges the age of its signature.

    Raises:
        UnknownProvider: no such gateway is in use.
        WebhookRefused: the signature is wrong or too old; nothing was stored.
    """
    if not is_set_up(provider):
        raise UnknownProvider(f"There is no gateway named {provider!r}.")
    try:
        messages = gateway_named(provider).read_messages(body, headers, now)
        for message in messages:
            _insist_on_storable(message)
    except BadSignature as error:
        webhooks_total.labels(provider=provider, outcome="refused").inc()
        raise WebhookRefused("The message's signature could not be verified.") from error
    with transaction.atomic(savepoint=False):
        stored = [_store(provider, message) for message in messages]
        if any(stored):
            transaction.on_commit(lambda: wake({HANDLE_MESSAGES}))
    for is_new in stored:
        webhooks_total.labels(provider=provider, outcome="stored" if is_new else "repeated").inc()
    return any(stored)


def _insist_on_storable(message: ProviderMessage) -> None:
    """Refuse names that no provider gives and no table takes, however well they are signed."""
    names = (message.event_id, message.kind, message.reference, message.call_reference)
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise BadSignature("The message names what cannot be kept.")


def _store(provider: str, message: ProviderMessage) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            [
                provider,
                message.event_id,
                message.kind,
                message.reference,
                message.payment_id,
                message.is_setback,
                message.call_reference,
                msgspec.json.encode(message.facts).decode(),
                msgspec.json.encode(message.dispute).decode() if message.dispute else None,
                message.was_done,
            ],
        )
        return cursor.fetchone() is not None


def handle_messages(*, now: datetime) -> int:
    """Match stored messages to payments and have what they are about looked up.

    That is what is open about the payment; where nothing is, and the message tells of a setback,
    what had succeeded. A message whose payment is not known yet waits and is matched later, less
    and less often, for up to three days. Returns the number of messages looked at.
    """
    news = _handle(is_setback=False, now=now)
    # Apart from the others, because these lock payments, which comes before locking their calls.
    return news + _handle(is_setback=True, now=now)


def _handle(*, is_setback: bool, now: datetime) -> int:
    with transaction.atomic(savepoint=False):
        messages = list(
            ProviderMessageRecord.objects.filter(
                handled_at=None, next_at__lte=now, is_setback=is_setback
            )
            .order_by("next_at")
            .select_for_update(skip_locked=True)[:BATCH]
        )
        if not messages:
            return 0
        payments = _payments_of(messages)
        looked_up: dict[UUID, set[str]] = {}
        in_flight = _list_in_flight(payments.values())
        for message in messages:
            payment_id = payments.get(message.id)
            message.payment_id = payment_id or message.payment_id
            message.attempts += 1
            if payment_id in in_flight:
                # The call under way may have been answered before this happened: look after it.
                message.next_at = now + IN_FLIGHT_PAUSE
            elif payment_id is not None:
                looked_up.setdefault(payment_id, set()).add(message.call_reference)
                message.handled_at = now
            elif now - message.received_at > GIVE_UP_AFTER or _names_nothing(message):
                message.handled_at = now
            else:
                message.next_at = now + _pause_after(message.attempts)
        update_many(messages, fields=["attempts", "handled_at", "next_at", "payment_id"])
        told = [one for one in messages if one.dispute and one.handled_at and one.payment_id]
        note_disputes(messages=told, now=now)
        note_contradictions(
            messages=[one for one in messages if one.was_done is not None and one.handled_at],
            now=now,
        )
        if is_setback:
            review_setbacks(about=looked_up, now=now)
        else:
            look_again(payment_ids=looked_up, now=now)
    return len(messages)


def _pause_after(attempts: int) -> timedelta:
    """Wait longer each time: it may be a message for somebody else who uses the provider's account."""
    return timedelta(
        seconds=delay_seconds(attempts, base=UNMATCHED_PAUSE_SECONDS, cap=LONGEST_PAUSE_SECONDS)
    )


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
