"""How far behind subscribers are."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.platform.outbox.registry import list_subscribers
from apps.platform.telemetry.metrics import event_lag_seconds, events_dead, events_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What waits for one subscriber; `oldest_seconds` is the age of its oldest event.

    What waits behind a dead letter waits for a person, and counts as neither.
    """

    subscriber: str
    waiting: int
    oldest_seconds: float
    dead: int


def list_lags() -> list[Lag]:
    """Measure every subscriber; those with nothing waiting are listed with zeros."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.name, coalesce(d.waiting, 0), coalesce(d.oldest, 0), coalesce(p.dead, 0)
            FROM unnest(%s::text[]) AS s(name)
            LEFT JOIN (SELECT w.subscriber, count(*) AS waiting,
                              extract(epoch FROM now() - min(w.occurred_at)) AS oldest
                       FROM outbox_delivery w
                       WHERE NOT EXISTS (
                           SELECT 1 FROM outbox_parked p
                           WHERE p.subscriber = w.subscriber AND p.key = w.key AND p.dead)
                       GROUP BY w.subscriber) d ON d.subscriber = s.name
            LEFT JOIN (SELECT subscriber, count(*) AS dead FROM outbox_parked WHERE dead
                       GROUP BY subscriber) p ON p.subscriber = s.name
            ORDER BY s.name
            """,
            [[subscriber.name for subscriber in list_subscribers()]],
        )
        return [
            Lag(subscriber=name, waiting=waiting, oldest_seconds=float(oldest), dead=dead)
            for name, waiting, oldest, dead in cursor.fetchall()
        ]


def refresh_gauges() -> None:
    """Bring the metrics up to date; called when they are read."""
    for lag in list_lags():
        event_lag_seconds.labels(subscriber=lag.subscriber).set(lag.oldest_seconds)
        events_waiting.labels(subscriber=lag.subscriber).set(lag.waiting)
        events_dead.labels(subscriber=lag.subscriber).set(lag.dead)


def wait_until_heard(keys: Collection[UUID], *, seconds: float) -> bool:
    """Wait until every subscriber has handled all events of the keys; False when time is up.

    For doors that want their caller to find other contexts up to date, such as the catalogue.
    """
    deadline = time.monotonic() + seconds
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM outbox_delivery WHERE key = ANY(%s))", [list(keys)]
            )
            (waiting,) = cursor.fetchone()
        if not waiting:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.03)
