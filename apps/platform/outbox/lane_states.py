"""Where each lane stands: what waits in it, and whether a worker is at it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.platform.outbox.lanes import CRASHES_BEFORE_PROBING, lock_space

COUNTED = 500
"""Up to how many deliveries of a lane are counted: after an outage there may be millions."""

_LANES = """
SELECT l.subscriber, l.lane, l.crashes, l.probe_event_id, w.waiting, w.oldest_at
FROM outbox_lane l
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, min(occurred_at) AS oldest_at
    FROM (SELECT d.occurred_at FROM outbox_delivery d
          WHERE d.subscriber = l.subscriber AND d.lane = l.lane
          ORDER BY d.event_id LIMIT %s) first_ones
) w
WHERE %s IN ('', l.subscriber)
ORDER BY l.subscriber, l.lane
"""
_HELD = """
SELECT classid::bigint, objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """One lane of one subscriber.

    `waiting` counts up to `COUNTED` of its deliveries, those of parked keys too, and `oldest_at` is
    when the oldest of them was published. `crashes` is how many batches in a row did not come to an
    end, the one under way included; `probe_event_id` the event that is suspected of them.
    """

    subscriber: str
    lane: int
    crashes: int
    probe_event_id: int | None
    waiting: int
    oldest_at: datetime | None
    is_held: bool

    @property
    def standing(self) -> str:
        """Say in a few words what goes on in it."""
        if self.crashes > CRASHES_BEFORE_PROBING:
            return "probed"
        if self.is_held:
            return "worked on"
        if self.crashes:
            return "its worker died"
        return "waiting" if self.waiting else "empty"


def list_lanes(subscriber: str = "") -> list[LaneState]:
    """Look at every lane, or at those of one subscriber; three statements, however much waits.

    A lane that is held before or after it was read counts as held: the batch that its row shows as begun
    may have ended since, or a worker may just have taken it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        held = set(cursor.fetchall())
        cursor.execute(_LANES, [COUNTED, subscriber])
        rows = cursor.fetchall()
        cursor.execute(_HELD)
        held.update(cursor.fetchall())
    return [
        LaneState(
            subscriber=name,
            lane=lane,
            crashes=crashes,
            probe_event_id=probe,
            waiting=waiting,
            oldest_at=oldest_at,
            # PostgreSQL shows the halves of a lock as they would be without a sign.
            is_held=(lock_space(name) % 2**32, lane) in held,
        )
        for name, lane, crashes, probe, waiting, oldest_at in rows
    ]
