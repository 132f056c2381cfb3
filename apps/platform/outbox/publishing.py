"""Store facts, in the transaction that makes them true, and note who is to hear them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from apps.kernel.cause import Cause
from apps.kernel.events import Event, wire_name
from apps.platform.bulk.rows import encode, table
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.models import LANES
from apps.platform.outbox.registry import handlers_in_transaction, subscribers_of
from apps.platform.outbox.wakeups import wake

_COLUMNS = {
    "position": "int",
    "aggregate_type": "text",
    "aggregate_id": "uuid",
    "seq": "int",
    "key": "uuid",
    "type": "text",
    "version": "smallint",
    "payload": "jsonb",
    "correlation_id": "uuid",
    "causation_id": "text",
    "actor": "text",
    "region": "text",
    "trace_context": "text",
}
_STORE = f"""
WITH stored AS (
    INSERT INTO outbox_event (aggregate_type, aggregate_id, seq, key, type, version, payload,
                              correlation_id, causation_id, actor, region, trace_context)
    SELECT aggregate_type, aggregate_id, seq, key, type, version, payload,
           correlation_id, causation_id, actor, region, trace_context
    FROM {table(_COLUMNS)} AS f
    ORDER BY position
    RETURNING event_id, occurred_at, key, type
), handed AS (
    INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key)
    SELECT s.subscriber, abs(hashtext(stored.key::text)::bigint) %% {LANES},
           stored.event_id, stored.occurred_at, stored.key
    FROM stored JOIN {table({"type": "text", "subscriber": "text"})} AS s USING (type)
)
SELECT event_id, occurred_at FROM stored ORDER BY event_id
"""


class PublishedOutsideTransaction(RuntimeError):
    """A fact was published with no transaction open: it could be stored without its change."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """An event about to be published: `seq` is its aggregate's version, taken under its lock."""

    event: Event
    seq: int
    cause: Cause


def publish(facts: Sequence[Fact]) -> None:
    """Store facts and hand them to their subscribers when the transaction commits.

    One statement for any number of facts, in the order given. Publishing the same aggregate and
    seq again stores a second event: callers publish under the aggregate's lock.

    Raises:
        PublishedOutsideTransaction: there is no transaction.
    """
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction([wire_name(type(fact.event)) for fact in facts])
    if not facts:
        return
    hearers = [
        (wire_name(event_type), subscriber.name)
        for event_type in {type(fact.event) for fact in facts}
        for subscriber in subscribers_of(event_type)
    ]
    rows = [_row(position, fact) for position, fact in enumerate(facts)]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [encode(rows), encode(hearers)])
        # Only those in our transaction want what is stored, and most facts have none of them.
        if any(handlers_in_transaction(type(fact.event)) for fact in facts):
            _run_in_transaction(facts, cursor.fetchall())
    if hearers:
        names = {name for _, name in hearers}
        transaction.on_commit(lambda: wake(names))


def _row(position: int, fact: Fact) -> tuple[object, ...]:
    """Give a fact in the order of the columns."""
    event, cause = fact.event, fact.cause
    return (
        position,
        event.aggregate_type,
        event.aggregate_id,
        fact.seq,
        event.key,
        wire_name(type(event)),
        event.version,
        event,
        cause.correlation_id,
        cause.causation_id or "",
        cause.actor,
        cause.region,
        cause.trace_context,
    )


def _run_in_transaction(facts: Sequence[Fact], stored: Sequence[tuple[Any, ...]]) -> None:
    batches: dict[type[Event], list[Delivered[Event]]] = {}
    for fact, (event_id, occurred_at) in zip(facts, stored, strict=True):
        if handlers_in_transaction(type(fact.event)):
            batches.setdefault(type(fact.event), []).append(
                Delivered(
                    event=fact.event,
                    event_id=event_id,
                    occurred_at=occurred_at,
                    handed_at=occurred_at,
                    key=fact.event.key,
                    origin=fact.cause,
                )
            )
    for event_type, batch in batches.items():
        for handler in handlers_in_transaction(event_type):
            handler(batch)
