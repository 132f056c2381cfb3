"""Empty the database after a test that committed: only what holds rows, and without a word to anybody.

Django would truncate all tables, seventy with their partitions, and make permissions and content
types anew, which took longer than most tests do.
"""

from functools import cache

from django.apps import apps
from django.db import connection

KEPT = ("django_content_type", "auth_permission", "outbox_lane")
"""What migrating fills."""


def list_filled() -> list[str]:
    """Name the tables that hold rows, those that migrating fills left out."""
    with connection.cursor() as cursor:
        cursor.execute(_find_filled())
        return [name for (name,) in cursor.fetchall()]


def empty_tables() -> None:
    """Delete every row that a test may have left, in one transaction."""
    filled = list_filled()
    with connection.cursor() as cursor:
        # As a replica the session skips foreign keys, and the triggers that guard what is append-only.
        cursor.execute(
            "BEGIN; SET LOCAL session_replication_role = replica; "
            + "".join(f'DELETE FROM "{name}"; ' for name in filled)
            + "UPDATE outbox_lane SET crashes = 0, probe_event_id = NULL "
            "WHERE crashes <> 0 OR probe_event_id IS NOT NULL; COMMIT"
        )


@cache
def _find_filled() -> str:
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")"
        for name in sorted(tables - set(KEPT))
    )
