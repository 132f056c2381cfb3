"""The sessions that others have on the tests' database."""

from django.db import connection


def end_other_sessions() -> None:
    """End every session but this thread's, as a restart of the server would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
