"""Store what providers tell us, before it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from apps.payments.adapters.registry import gateway_named, is_set_up
from apps.payments.domain.refusals import UnknownProvider, WebhookRefused, WebhookUndecided
from apps.payments.ports import GatewayUnavailable, MessageRefused, ProviderMessage
from apps.payments.services.handle_messages import HANDLE_MESSAGES
from apps.payments.services.mask_cards import mask_cards
from apps.platform.bulk.gathering import Gathering
from apps.platform.bulk.rows import encode, table
from apps.platform.outbox.wakeups import wake
from apps.platform.telemetry.metrics import webhooks_total

LONGEST_NAME = 128
GATHER_SECONDS = 0.03
"""How long a webhook waits for others, to be stored with them: no provider is in a hurry."""

_COLUMNS = {
    "provider": "text",
    "event_id": "text",
    "kind": "text",
    "reference": "text",
    "payment_id": "uuid",
    "is_setback": "boolean",
    "setback_of": "text",
    "call_reference": "text",
    "facts": "jsonb",
    "dispute": "jsonb",
    "refund": "jsonb",
    "was_done": "boolean",
}
# They are due at once, by the clock that says what is due. Two processes may store the same messages
# at the same moment: in one order, they wait for each other in turn.
_STORE = f"""
INSERT INTO payments_providermessagerecord
    (provider, event_id, kind, reference, payment_id, is_setback, setback_of, call_reference,
     facts, dispute, refund, was_done, received_at, next_at, attempts)
SELECT provider, event_id, kind, reference, payment_id, is_setback, setback_of, call_reference,
       facts, dispute, refund, was_done, now(), now(), 0
FROM {table(_COLUMNS)} AS v
ORDER BY provider, event_id
ON CONFLICT (provider, event_id) DO NOTHING
RETURNING provider, event_id
"""


@dataclass(frozen=True, slots=True)
class _Received:
    provider: str
    messages: Sequence[ProviderMessage]


def receive_messages(
    *, provider: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> bool:
    """Verify a webhook and store its messages; returns False where all of them were stored before.

    Card data in them is masked first. They are committed on return, with those that came at the same
    moment; in a transaction of the caller they are part of that. `now` judges the age of the signature.

    Raises:
        UnknownProvider: no such gateway is in use.
        WebhookRefused: the signature is wrong or too old, or it cannot be read or kept; nothing was
            stored.
        WebhookUndecided: the provider has to be asked for that, and does not answer; nothing was
            stored, and it will send the message again.
    """
    if not is_set_up(provider):
        raise UnknownProvider(f"There is no gateway named {provider!r}.")
    try:
        messages = gateway_named(provider).read_messages(body, headers, now)
        for message in messages:
            _insist_on_storable(message)
        messages = mask_cards(messages, provider=provider, body=body)
    except MessageRefused as error:
        webhooks_total.labels(provider=provider, outcome="refused").inc()
        raise WebhookRefused(
            "The message is not signed as it has to be, or cannot be read or kept."
        ) from error
    except GatewayUnavailable as error:
        webhooks_total.labels(provider=provider, outcome="undecided").inc()
        raise WebhookUndecided("The message's signature cannot be verified now.") from error
    received = _Received(provider, messages)
    new = None if connection.in_atomic_block else _together.ask(received)
    if new is None:
        (new,) = _store([received])
    for outcome, count in (("stored", new), ("repeated", len(messages) - new)):
        if count:
            webhooks_total.labels(provider=provider, outcome=outcome).inc(count)
    return new > 0


def _insist_on_storable(message: ProviderMessage) -> None:
    """Refuse names that no provider gives and no table takes, however well they are signed.

    Without a name of its own a message, a dispute or a refund would be taken for the next one that has
    none. Whatever else a signed message says is stored: a provider that is refused one may keep all that
    come after it.
    """
    news = [one for one in (message.dispute, message.refund) if one is not None]
    own_names = [message.event_id, *(one.reference for one in news)]
    names = [*own_names, message.kind, message.reference, message.call_reference]
    is_kept = all(len(name) <= LONGEST_NAME and name.isprintable() for name in names)
    if not is_kept or not all(own_names):
        raise MessageRefused("The message names what cannot be kept.")


def _store(batch: Sequence[_Received]) -> list[int]:
    """Store messages in one statement; says for each webhook how many of its own were new."""
    rows = [_row(one.provider, message) for one in batch for message in one.messages]
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [encode(rows)])
            unseen = set(cursor.fetchall())
        if unseen:
            transaction.on_commit(lambda: wake({HANDLE_MESSAGES}))
    counts = []
    for one in batch:
        own = {(one.provider, message.event_id) for message in one.messages} & unseen
        # The same message in two webhooks of a batch is new in the first.
        unseen -= own
        counts.append(len(own))
    return counts


def _row(provider: str, message: ProviderMessage) -> tuple[object, ...]:
    """Give a message in the order of the columns."""
    return (
        provider,
        message.event_id,
        message.kind,
        message.reference,
        message.payment_id,
        message.is_setback,
        message.setback_of or "",
        message.call_reference,
        message.facts,
        message.dispute,
        message.refund,
        message.was_done,
    )


_together: Gathering[_Received, int] = Gathering(_store, at_least_seconds=GATHER_SECONDS)
