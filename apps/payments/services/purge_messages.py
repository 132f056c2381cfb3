"""Forget what providers told us long ago."""

from datetime import datetime, timedelta

from django.db import connection

KEPT_FOR = timedelta(days=90)
"""As long as logs are at hand; a provider repeats a message for some days at most."""
BATCH = 5000

# Ids grow with time, so the oldest rows tell whether there is anything left to forget.
_FORGET = """
DELETE FROM payments_providermessagerecord WHERE id IN (
    SELECT id FROM (SELECT id, handled_at FROM payments_providermessagerecord
                    ORDER BY id LIMIT %s) oldest
    WHERE handled_at < %s)
"""


def purge_messages(*, now: datetime) -> int:
    """Delete messages that were handled 90 days ago, batch by batch; returns how many went."""
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET, [BATCH, now - KEPT_FOR])
            forgotten = int(cursor.rowcount)
            deleted += forgotten
            if forgotten < BATCH:
                return deleted
