"""Much at once: rows read and written in sets, and the work of several threads in one transaction."""

from apps.platform.bulk.instants import instant, microseconds
from apps.platform.bulk.locking import list_known, lock_many
from apps.platform.bulk.making import new_row
from apps.platform.bulk.rows import literal
from apps.platform.bulk.writing import insert_missing, insert_together, update_many

__all__ = [
    "insert_missing",
    "insert_together",
    "instant",
    "list_known",
    "literal",
    "lock_many",
    "microseconds",
    "new_row",
    "update_many",
]
