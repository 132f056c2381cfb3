"""Hand events to a subscriber: claim, apply and complete in one transaction, in order per key."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction

from apps.kernel.cause import Cause
from apps.kernel.events import Event
from apps.platform.bulk import literal
from apps.platform.outbox.codec import decode
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.lanes import Claim, LanesLost, claimed_lanes
from apps.platform.outbox.models import LANES
from apps.platform.outbox.parking import bury, park, unpark
from apps.platform.outbox.registry import Subscriber
from apps.platform.telemetry.metrics import deliveries_failed_total, deliveries_handled_total
from apps.platform.telemetry.tracing import span_from

BATCH = 500
DRAIN_SECONDS = 5.0
RETRIES = 3

log = structlog.get_logger(__name__)

_FETCH = """
SELECT d.event_id, d.occurred_at, d.key, p.key IS NOT NULL, e.type, e.version, e.payload::text,
       e.correlation_id, e.causation_id, e.actor, e.region, e.trace_context,
       now()
FROM outbox_delivery d
JOIN outbox_event e ON e.occurred_at = d.occurred_at AND e.event_id = d.event_id
LEFT JOIN outbox_parked p ON p.subscriber = d.subscriber AND p.key = d.key
WHERE d.subscriber = %s AND d.lane = ANY(%s)
  AND (p.key IS NULL OR (NOT p.dead AND p.next_at <= now()))
  AND (%s::uuid IS NULL OR d.key = %s)
ORDER BY d.event_id LIMIT %s
"""
_COMPLETE = (
    "DELETE FROM outbox_delivery "
    "WHERE subscriber = %s AND lane = ANY(%s) AND event_id = ANY(%s::bigint[])"
)
_WAITING = """
SELECT EXISTS (SELECT 1 FROM outbox_delivery d
               LEFT JOIN outbox_parked p ON p.subscriber = d.subscriber AND p.key = d.key
               WHERE d.subscriber = %s
                 AND (p.key IS NULL OR (NOT p.dead AND p.next_at <= now())))
"""


class Row:
    """One delivery as fetched, not yet decoded: a payload that cannot be read fails only its key."""

    __slots__ = ("_fields", "event_id", "key", "was_parked")

    def __init__(self, fields: tuple[Any, ...]) -> None:
        """Keep the row."""
        self._fields = fields
        self.event_id: int = fields[0]
        self.key: UUID = fields[2]
        self.was_parked: bool = fields[3]

    @property
    def trace_context(self) -> str:
        """The trace that the event belongs to."""
        return str(self._fields[11])

    def deliver(self) -> Delivered[Event]:
        """Decode the event and its origin."""
        occurred_at: datetime = self._fields[1]
        kind, version, payload, correlation_id, causation_id, actor, region, trace, handed_at = (
            self._fields[4:]
        )
        return Delivered(
            event=decode(kind, version, payload),
            event_id=self.event_id,
            occurred_at=occurred_at,
            handed_at=handed_at,
            key=self.key,
            origin=Cause(
                correlation_id=correlation_id,
                causation_id=causation_id or None,
                actor=actor,
                region=region,
                trace_context=trace,
            ),
        )


def drain(subscriber: Subscriber, *, until: float | None = None) -> int:
    """Hand a subscriber what waits for it, until nothing does or the time is up.

    `until` is on the monotonic clock, five seconds from now when left out. Several drains of one
    subscriber share its lanes. Returns the number of events handled. Events whose handler fails are
    parked with their key and do not hold up others.
    """
    deadline = time.monotonic() + DRAIN_SECONDS if until is None else until
    share = -(-LANES // settings.OMS_OUTBOX_WORKERS)
    handled = 0
    while time.monotonic() < deadline and _is_waiting(subscriber.name):
        with claimed_lanes(subscriber.name, at_most=share) as claim:
            if not claim.lanes:
                break
            try:
                handled += _work_off(subscriber, claim, deadline)
            except LanesLost:
                # Rolled back; whoever holds the lanes now, or the next wake-up, delivers.
                log.warning("lanes_lost", subscriber=subscriber.name)
                break
        # The loop looks once more: an event may have come after our last look and before the
        # release; its wake-up found the lanes held, so nobody else will look.
    return handled


def _work_off(subscriber: Subscriber, claim: Claim, deadline: float) -> int:
    handled = 0
    while claim.healthy and time.monotonic() < deadline:
        batch = _deliver_batch(subscriber, claim)
        handled += batch
        if batch < BATCH:
            break
    for lane in claim.suspicious:
        while time.monotonic() < deadline and (step := _probe(subscriber, claim, lane)):
            handled += step
    return handled


def _deliver_batch(subscriber: Subscriber, claim: Claim) -> int:
    for attempt in range(RETRIES):
        try:
            return len(_apply(subscriber, claim, claim.healthy, key=None, limit=BATCH))
        except OperationalError as error:
            # Deadlock, serialization or a lost connection: the batch was rolled back whole.
            log.info("batch_retried", subscriber=subscriber.name, error=str(error)[:200])
            if not connection.is_usable():
                connection.close()
                raise LanesLost from error
            time.sleep(0.02 * (attempt + 1))
        except LanesLost:
            raise
        except Exception as error:
            log.warning("batch_failed", subscriber=subscriber.name, error=type(error).__name__)
            return _deliver_key_by_key(subscriber, claim)
    return _deliver_key_by_key(subscriber, claim)


def _deliver_key_by_key(subscriber: Subscriber, claim: Claim) -> int:
    """Find the key that fails: everything else is delivered, it is parked with a growing pause."""
    with connection.cursor() as cursor:
        cursor.execute(_FETCH, [subscriber.name, list(claim.healthy), None, None, BATCH])
        heads = {row.key: row for row in map(Row, reversed(cursor.fetchall()))}
    handled = 0
    for key, head in sorted(heads.items(), key=lambda item: item[1].event_id):
        try:
            handled += len(_apply(subscriber, claim, claim.healthy, key=key, limit=BATCH))
        except OperationalError as error:
            if not connection.is_usable():
                connection.close()
                raise LanesLost from error
        except LanesLost:
            raise
        except Exception as error:
            deliveries_failed_total.labels(subscriber=subscriber.name).inc()
            log.exception(
                "delivery_failed", subscriber=subscriber.name, event_id=head.event_id, key=str(key)
            )
            park(subscriber=subscriber.name, key=key, event_id=head.event_id, error=error)
    return handled


def _apply(
    subscriber: Subscriber, claim: Claim, lanes: Sequence[int], *, key: UUID | None, limit: int
) -> list[Row]:
    with transaction.atomic():
        claim.insist()
        with connection.cursor() as cursor:
            cursor.execute(_FETCH, [subscriber.name, list(lanes), key, key, limit])
            rows = [Row(fields) for fields in cursor.fetchall()]
        if not rows:
            return rows
        traces = [row.trace_context for row in rows if row.trace_context]
        with span_from(traces, f"drain {subscriber.name}", {"messaging.batch.size": len(rows)}):
            for event_type, batch in in_waves([row.deliver() for row in rows]):
                handler = subscriber.handlers.get(event_type)
                if handler is not None:
                    handler(batch)
        with connection.cursor() as cursor:
            cursor.execute(
                _COMPLETE, [subscriber.name, list(lanes), literal(row.event_id for row in rows)]
            )
            if cursor.rowcount != len(rows):
                raise LanesLost
        unpark(subscriber=subscriber.name, keys={row.key for row in rows if row.was_parked})
    deliveries_handled_total.labels(subscriber=subscriber.name).inc(len(rows))
    return rows


def in_waves(
    batch: Sequence[Delivered[Event]],
) -> Iterator[tuple[type[Event], list[Delivered[Event]]]]:
    """Group a batch by event type without changing the order within any key.

    The first events of all keys come first, by type, then the second ones, and so on; different
    keys may overtake each other, which nobody may rely on.
    """
    depth: dict[UUID, int] = {}
    waves: dict[tuple[int, type[Event]], list[Delivered[Event]]] = {}
    for one in batch:
        depth[one.key] = depth.get(one.key, -1) + 1
        waves.setdefault((depth[one.key], type(one.event)), []).append(one)
    for (_, event_type), group in sorted(waves.items(), key=lambda item: item[0][0]):
        yield event_type, group


def _probe(subscriber: Subscriber, claim: Claim, lane: int) -> int:
    """Handle the head of a lane that killed its workers, alone, leaving a note first.

    The event that dies with the note on it is the poison: its key is buried.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FETCH, [subscriber.name, [lane], None, None, 1])
        fetched = cursor.fetchone()
        if fetched is None:
            return 0
        head = Row(fetched)
        cursor.execute(
            "UPDATE outbox_lane SET probe_event_id = %s WHERE subscriber = %s AND lane = %s "
            "AND probe_event_id IS DISTINCT FROM %s",
            [head.event_id, subscriber.name, lane, head.event_id],
        )
        already_probed = cursor.rowcount == 0
    if already_probed:
        bury(subscriber=subscriber.name, key=head.key, event_id=head.event_id)
        return 1
    try:
        return len(_apply(subscriber, claim, [lane], key=None, limit=1))
    except LanesLost:
        raise
    except Exception as error:
        park(subscriber=subscriber.name, key=head.key, event_id=head.event_id, error=error)
        return 1


def _is_waiting(subscriber: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [subscriber])
        (waiting,) = cursor.fetchone()
    return bool(waiting)
