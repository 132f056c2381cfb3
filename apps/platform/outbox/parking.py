"""Keys whose events fail: they wait with growing pauses, then for a person."""

from collections.abc import Collection
from uuid import UUID

import structlog
from django.db import connection

from apps.platform.database_failures import described
from apps.platform.telemetry.metrics import dead_letters

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.3
LONGEST_PAUSE_SECONDS = 60
RELEASE_PAUSE_SECONDS = 10
"""How soon after a deployment what waited for it goes on."""
ERROR_LENGTH = 500

log = structlog.get_logger(__name__)

_PARK = f"""
INSERT INTO outbox_parked (subscriber, key, event_id, attempts, next_at, dead, error, parked_at)
VALUES (%(subscriber)s, %(key)s, %(event_id)s, 1,
        now() + (0.5 + random() / 2) * interval '{FIRST_PAUSE_SECONDS} s', %(dead)s, %(error)s, now())
ON CONFLICT (subscriber, key) DO UPDATE SET
    attempts = outbox_parked.attempts + 1,
    event_id = excluded.event_id,
    error = excluded.error,
    dead = excluded.dead OR outbox_parked.attempts + 1 >= {ATTEMPTS},
    next_at = now() + (0.5 + random() / 2) * least(
        interval '{LONGEST_PAUSE_SECONDS} s',
        interval '{FIRST_PAUSE_SECONDS} s' * power(2, outbox_parked.attempts))
RETURNING dead
"""
_POSTPONE = f"""
INSERT INTO outbox_parked (subscriber, key, event_id, attempts, next_at, dead, error, parked_at)
VALUES (%(subscriber)s, %(key)s, %(event_id)s, 0,
        now() + (0.5 + random() / 2) * interval '{RELEASE_PAUSE_SECONDS} s', false, %(error)s, now())
ON CONFLICT (subscriber, key) DO UPDATE SET
    event_id = excluded.event_id, error = excluded.error, next_at = excluded.next_at
"""


def park(*, subscriber: str, key: UUID, event_id: int, error: Exception) -> None:
    """Put a key aside after a failure; the eighth failure in a row makes it a dead letter."""
    _put_aside(subscriber, key, event_id, described(error), dead=False)


def bury(*, subscriber: str, key: UUID, event_id: int) -> None:
    """Make a key a dead letter at once, since its event kills the workers that handle it."""
    _put_aside(subscriber, key, event_id, "The worker died each time it handled this", dead=True)


def postpone(*, subscriber: str, key: UUID, event_id: int, error: Exception) -> None:
    """Let a key wait for another release: tried again every few seconds, never a dead letter."""
    with connection.cursor() as cursor:
        cursor.execute(
            _POSTPONE,
            {
                "subscriber": subscriber,
                "key": key,
                "event_id": event_id,
                "error": described(error)[:ERROR_LENGTH],
            },
        )


def _put_aside(subscriber: str, key: UUID, event_id: int, error: str, *, dead: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _PARK,
            {
                "subscriber": subscriber,
                "key": key,
                "event_id": event_id,
                "dead": dead,
                "error": error[:ERROR_LENGTH],
            },
        )
        (is_dead,) = cursor.fetchone()
    if is_dead:
        dead_letters.labels(subscriber=subscriber).inc()
        log.error("dead_letter", subscriber=subscriber, key=str(key), event_id=event_id)


def unpark(*, subscriber: str, keys: Collection[UUID]) -> None:
    """Forget that keys failed, after a success."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM outbox_parked WHERE subscriber = %s AND key = ANY(%s)",
                [subscriber, list(keys)],
            )


def retry_parked(*, ids: Collection[int]) -> int:
    """Try parked keys again at once, dead ones too, with a fresh count. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_parked SET dead = false, attempts = 0, next_at = now() WHERE id = ANY(%s)",
            [list(ids)],
        )
        return int(cursor.rowcount)


def skip_head(*, ids: Collection[int]) -> int:
    """Drop the event that keeps each key waiting, and go on with what follows it.

    Keys that are still tried stay as they are; those that are dead, or wait for another release,
    which may never come, are let go. The event stays in the log; only its delivery to this
    subscriber is given up. Returns how many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH skipped AS (
                DELETE FROM outbox_parked WHERE id = ANY(%s) AND (dead OR attempts = 0)
                RETURNING subscriber, key, event_id)
            DELETE FROM outbox_delivery d USING skipped s
            WHERE d.subscriber = s.subscriber AND d.key = s.key AND d.event_id = s.event_id
            """,
            [list(ids)],
        )
        return int(cursor.rowcount)
