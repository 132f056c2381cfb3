"""Claim lanes for one drain, and notice those that kill their workers.

A lane is held by a session lock, which PostgreSQL drops with the connection: a dead worker's lanes
come free at once. The crash counter is committed before the work and cleared after it.
"""

import random
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from apps.platform.outbox.models import LANES

CRASHES_BEFORE_PROBING = 3
HELD_SESSION_MAY_IDLE = "15s"
"""A worker that is stopped while it holds lanes loses its session, and with it the lanes."""

_CLAIM = """
WITH configured AS (
    SELECT set_config('synchronous_commit', 'off', true)
), busy AS MATERIALIZED (
    SELECT l.lane FROM unnest(%s::int[]) AS l(lane), configured
    WHERE EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.subscriber = %s AND d.lane = l.lane)
), claimed AS MATERIALIZED (
    SELECT lane FROM busy WHERE pg_try_advisory_lock(%s, lane) LIMIT %s
)
UPDATE outbox_lane SET crashes = crashes + 1 FROM claimed
WHERE outbox_lane.subscriber = %s AND outbox_lane.lane = claimed.lane
RETURNING outbox_lane.lane, outbox_lane.crashes, set_config('idle_session_timeout', %s, false)
"""
_RELEASE = """
WITH configured AS (
    SELECT set_config('synchronous_commit', 'off', true), set_config('idle_session_timeout', NULL, false)
), cleared AS (
    UPDATE outbox_lane SET crashes = 0, probe_event_id = NULL FROM configured
    WHERE subscriber = %s AND lane = ANY(%s) RETURNING lane
)
SELECT pg_advisory_unlock(%s, lane) FROM cleared
"""
_ENSURE = """
INSERT INTO outbox_lane (subscriber, lane, crashes)
SELECT %s, lane, 0 FROM generate_series(0, %s) AS lane ON CONFLICT DO NOTHING
"""


class LanesLost(Exception):
    """The session that held the lanes is gone, or somebody else has delivered from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The lanes that one drain holds, and the database session that holds them."""

    session: object
    healthy: Sequence[int]
    suspicious: Sequence[int]

    def insist(self) -> None:
        """Make sure that the session still stands: with it the lanes would be somebody else's.

        Django opens a new session by itself when the old one was cut.

        Raises:
            LanesLost: it is another one.
        """
        if connection.connection is not self.session:
            raise LanesLost

    @property
    def lanes(self) -> list[int]:
        """All of them."""
        return [*self.healthy, *self.suspicious]


def lock_space(subscriber: str) -> int:
    """Give the first half of the advisory lock of a subscriber's lanes, a signed 32-bit integer."""
    return zlib.crc32(subscriber.encode()) - 2**31


def ensure_lanes(subscriber: str) -> None:
    """Create the subscriber's lane rows; those that exist stay as they are."""
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE, [subscriber, LANES - 1])


@contextmanager
def claimed_lanes(subscriber: str, *, at_most: int) -> Iterator[Claim]:
    """Hold up to `at_most` lanes that have something to deliver, for the length of the block.

    Lanes that another worker holds are left to it. When the block fails, the crash counters stay
    raised only if the process dies: an ordinary error clears them like a success.
    """
    lanes = random.sample(range(LANES), LANES)
    space = lock_space(subscriber)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, [lanes, subscriber, space, at_most, subscriber, HELD_SESSION_MAY_IDLE]
        )
        rows = cursor.fetchall()
    claim = Claim(
        session=connection.connection,
        healthy=[lane for lane, crashes, _ in rows if crashes <= CRASHES_BEFORE_PROBING],
        suspicious=[lane for lane, crashes, _ in rows if crashes > CRASHES_BEFORE_PROBING],
    )
    try:
        yield claim
    finally:
        if rows:
            _release(subscriber, claim.lanes, space)


def _release(subscriber: str, lanes: list[int], space: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, [subscriber, lanes, space])
    except (OperationalError, InterfaceError):
        # The session is gone and its locks with it; the counters are cleared by the next drain.
        connection.close()
