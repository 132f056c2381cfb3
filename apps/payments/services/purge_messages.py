"""Forget what providers told us long ago."""

from datetime import datetime, timedelta

from django.db import connection

KEPT_FOR = timedelta(days=90)
"""As long as logs are at hand; a provider repeats a message for some days at most."""
BATCH = 5000

# In the order of the primary key, and past what stays: a message that was never handled, or only
# lately, holds up no other. Ids grow with time, so nothing behind the first one that came later than
# the limit can have been handled before it.
_FORGET = """
WITH looked_at AS MATERIALIZED (
    SELECT id, handled_at, received_at FROM payments_providermessagerecord
    WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), forgotten AS (
    DELETE FROM payments_providermessagerecord m USING looked_at l
    WHERE m.id = l.id AND l.handled_at < %(before)s
    RETURNING m.id
)
SELECT (SELECT count(*) FROM forgotten), max(id),
       count(*) = %(batch)s AND max(received_at) < %(before)s
FROM looked_at
"""


def purge_messages(*, now: datetime) -> int:
    """Delete messages that were handled 90 days ago, batch by batch; returns how many went.

    Each batch is committed by itself. Asking again deletes what has become old enough since.
    """
    deleted, after, goes_on = 0, 0, True
    before = now - KEPT_FOR
    with connection.cursor() as cursor:
        while goes_on:
            cursor.execute(_FORGET, {"after": after, "batch": BATCH, "before": before})
            forgotten, after, goes_on = cursor.fetchone()
            deleted += forgotten
    return deleted
