"""Whether anything waits for a subscriber."""

from django.db import connection

_WAITING = """
SELECT EXISTS (SELECT 1 FROM outbox_delivery d
               LEFT JOIN outbox_parked p ON p.subscriber = d.subscriber AND p.key = d.key
               WHERE d.subscriber = %s
                 AND (p.key IS NULL OR (NOT p.dead AND p.next_at <= now())))
"""


def is_waiting(subscriber: str) -> bool:
    """Tell whether an event waits that may be handed over now; one that is parked waits for its time."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [subscriber])
        (waiting,) = cursor.fetchone()
    return bool(waiting)
