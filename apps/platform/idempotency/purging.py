"""Forget answers whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

BATCH_SIZE: Final = 5000

_FORGET: Final = """
DELETE FROM idempotency_record WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency_record WHERE expires_at <= %s
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
))
"""


def purge(*, now: datetime, batch_size: int = BATCH_SIZE, max_batches: int | None = None) -> int:
    """Delete expired records, each batch by itself, and give how many went.

    Calling it again, or twice at once, is harmless: a record in use is left for the next time.
    """
    deleted = batches = 0
    with connection.cursor() as cursor:
        while max_batches is None or batches < max_batches:
            cursor.execute(_FORGET, [now, batch_size])
            deleted += cursor.rowcount
            batches += 1
            if cursor.rowcount < batch_size:
                break
    return deleted
