"""Hand events to a subscriber: claim, apply and complete in one transaction, in order per key."""

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.kernel.cause import Cause
from apps.kernel.events import Event, wire_name
from apps.platform.bulk import instant, literal, microseconds
from apps.platform.database_failures import described, is_passing
from apps.platform.outbox.codec import UnknownEventType, decode
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.lanes import Claim, LanesLost, claimed_lanes
from apps.platform.outbox.models import LANES
from apps.platform.outbox.parking import bury, park, postpone, unpark
from apps.platform.outbox.registry import Handler, Subscriber
from apps.platform.outbox.waiting import is_waiting
from apps.platform.telemetry.lines import lines_about
from apps.platform.telemetry.metrics import deliveries_failed_total, deliveries_handled_total
from apps.platform.telemetry.tracing import span_from

BATCH = 500
DRAIN_SECONDS = 5.0
RETRIES = 3

log = structlog.get_logger(__name__)

# The limit is part of the statement: as a parameter it would be planned for anew each time, for its
# number's sake.
_FETCH = f"""
SELECT d.event_id, {microseconds("d.occurred_at")}, d.key, p.key IS NOT NULL,
       e.type, e.version, e.payload::text,
       e.correlation_id, e.causation_id, e.actor, e.region, e.trace_context,
       {microseconds("now()")}
FROM outbox_delivery d
JOIN outbox_event e ON e.occurred_at = d.occurred_at AND e.event_id = d.event_id
LEFT JOIN outbox_parked p ON p.subscriber = d.subscriber AND p.key = d.key
WHERE d.subscriber = %s AND d.lane = ANY(%s)
  AND (p.key IS NULL OR (NOT p.dead AND p.next_at <= now()))
ORDER BY d.event_id LIMIT {{limit}}
"""
_COMPLETE = (
    "DELETE FROM outbox_delivery "
    "WHERE subscriber = %s AND lane = ANY(%s) AND event_id = ANY(%s::bigint[])"
)


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
        kind, version, payload, correlation_id, causation_id, actor, region, trace, handed_at = (
            self._fields[4:]
        )
        return Delivered(
            event=decode(kind, version, payload),
            event_id=self.event_id,
            occurred_at=instant(self._fields[1]),
            handed_at=instant(handed_at),
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
    """Hand a subscriber what waits in the lanes that nobody else holds, until the time is up.

    `until` is on the monotonic clock, five seconds from now when left out. Several drains of one
    subscriber share its lanes. Returns the number of events handled. Events whose handler fails are
    parked with their key and do not hold up others.

    Callers look again, as `work_and_watch` does: an event may come after our last look and before
    the lanes are given back; its wake-up finds them held, so nobody else will look.
    """
    if not is_waiting(subscriber.name):
        return 0
    deadline = time.monotonic() + DRAIN_SECONDS if until is None else until
    share = -(-LANES // settings.OMS_OUTBOX_WORKERS)
    handled = 0
    while time.monotonic() < deadline:
        with claimed_lanes(subscriber.name, at_most=share) as claim:
            try:
                step = _work_off(subscriber, claim, deadline)
            except LanesLost:
                # Rolled back; whoever holds the lanes now, or the next wake-up, delivers.
                log.warning("lanes_lost", subscriber=subscriber.name)
                break
        handled += step
        # With all lanes a share, or fewer than a share of them busy, none is left for a second round.
        if not step or share == LANES or len(claim.lanes) < share:
            break
    return handled


def _work_off(subscriber: Subscriber, claim: Claim, deadline: float) -> int:
    handled = 0
    while claim.healthy and time.monotonic() < deadline:
        batch, is_last = _deliver_batch(subscriber, claim)
        handled += batch
        if is_last:
            break
    for lane in claim.suspicious:
        while time.monotonic() < deadline and (step := _probe(subscriber, claim, lane)):
            handled += step
    return handled


def _deliver_batch(subscriber: Subscriber, claim: Claim) -> tuple[int, bool]:
    """Give how many were handled, and whether those were all that waited; what failed was put aside."""
    for attempt in range(RETRIES):
        rows = _fetch(subscriber, claim.healthy, limit=BATCH)
        try:
            _apply(subscriber, claim, claim.healthy, rows)
        except LanesLost:
            raise
        except Exception as error:
            _insist_on_session(error)
            log.info(
                "batch_failed",
                subscriber=subscriber.name,
                batch_size=len(rows),
                error=described(error),
            )
            if not is_passing(error):
                break
            time.sleep(0.02 * (attempt + 1))
        else:
            return len(rows), len(rows) < BATCH
    stories: dict[UUID, list[Row]] = {}
    for row in rows:
        stories.setdefault(row.key, []).append(row)
    handled = sum(
        _deliver_story(subscriber, claim, claim.healthy, story) for story in stories.values()
    )
    return handled, len(rows) < BATCH


def _deliver_story(
    subscriber: Subscriber, claim: Claim, lanes: Sequence[int], story: Sequence[Row]
) -> int:
    """Apply events of one key together or, where that fails, one by one up to the one at fault.

    That one is put aside with its key, what comes before it is delivered. Returns how many were.
    """
    first = story[0]
    event = {"event_id": first.event_id} if len(story) == 1 else {}
    with lines_about(
        first.trace_context,
        subscriber=subscriber.name,
        key=str(first.key),
        batch_size=len(story),
        **event,
    ):
        try:
            _apply(subscriber, claim, lanes, story)
        except LanesLost:
            raise
        except Exception as error:
            _insist_on_session(error)
            if len(story) == 1:
                _put_aside(subscriber, story[0], error)
                return 0
        else:
            return len(story)
    handled = 0
    while handled < len(story) and _deliver_story(subscriber, claim, lanes, [story[handled]]):
        handled += 1
    return handled


def _insist_on_session(error: Exception) -> None:
    """Give the lanes up when the session that holds them is gone; whatever failed failed of that."""
    if not connection.is_usable():
        connection.close()
        raise LanesLost from error


def _put_aside(subscriber: Subscriber, row: Row, error: Exception) -> None:
    """Park the key of an event that failed, unless the failure says nothing about the event."""
    if is_passing(error):
        return
    if isinstance(error, UnknownEventType):
        log.warning("newer_release_awaited", awaited=str(error))
        postpone(subscriber=subscriber.name, key=row.key, event_id=row.event_id, error=error)
        return
    deliveries_failed_total.labels(subscriber=subscriber.name).inc()
    log.error("delivery_failed", exc_info=error)
    park(subscriber=subscriber.name, key=row.key, event_id=row.event_id, error=error)


def _fetch(subscriber: Subscriber, lanes: Sequence[int], *, limit: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_FETCH.format(limit=limit), [subscriber.name, list(lanes)])
        return [Row(fields) for fields in cursor.fetchall()]


def _apply(subscriber: Subscriber, claim: Claim, lanes: Sequence[int], rows: Sequence[Row]) -> None:
    """Handle events and end their deliveries in one transaction; a failure undoes both."""
    if not rows:
        return
    traces = [row.trace_context for row in rows if row.trace_context]
    with transaction.atomic():
        claim.insist()
        with span_from(traces, f"drain {subscriber.name}", {"messaging.batch.size": len(rows)}):
            for event_type, batch in in_waves([row.deliver() for row in rows]):
                _handler(subscriber, event_type)(batch)
        with connection.cursor() as cursor:
            cursor.execute(
                _COMPLETE, [subscriber.name, list(lanes), literal(row.event_id for row in rows)]
            )
            if cursor.rowcount != len(rows):
                raise LanesLost
        unpark(subscriber=subscriber.name, keys={row.key for row in rows if row.was_parked})
    deliveries_handled_total.labels(subscriber=subscriber.name).inc(len(rows))


def _handler(subscriber: Subscriber, event_type: type[Event]) -> Handler:
    """Find who handles an event; a publisher of a newer release may know more hearers than we do.

    Raises:
        UnknownEventType: nobody here does.
    """
    try:
        return subscriber.handlers[event_type]
    except KeyError:
        raise UnknownEventType(f"{wire_name(event_type)} is not heard by this release") from None


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

    The event that dies with the note on it is the poison: its key is buried. Returns 0 at the end
    of the lane.
    """
    story = _fetch(subscriber, [lane], limit=1)
    if not story:
        return 0
    (head,) = story
    if not _leave_note(subscriber, lane, head.event_id):
        bury(subscriber=subscriber.name, key=head.key, event_id=head.event_id)
    elif not _deliver_story(subscriber, claim, [lane], story):
        # The note is for the event whose worker does not live to take it away.
        _leave_note(subscriber, lane, None)
    return 1


def _leave_note(subscriber: Subscriber, lane: int, event_id: int | None) -> bool:
    """Write down which event of a lane is being probed; False where it stood there already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_lane SET probe_event_id = %s WHERE subscriber = %s AND lane = %s "
            "AND probe_event_id IS DISTINCT FROM %s",
            [event_id, subscriber.name, lane, event_id],
        )
        return bool(cursor.rowcount)
