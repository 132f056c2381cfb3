"""The questions behind readiness; each answers within a second or counts as failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection

from apps.platform import valkey
from apps.platform.telemetry.time_limit import TimeLimited

SECONDS = 1.0
# The first look loads the migrations of every app.
MIGRATION_SECONDS = 5.0


class DatabaseReadOnly(Exception):
    """This is a standby, or a server that was told to take no writes."""


class MigrationsMissing(Exception):
    """The tables are older than this code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check went; `error` names the kind of failure, never its words."""

    is_ok: bool
    milliseconds: float
    error: str | None = None


class Check:
    """One question about something this process needs."""

    def __init__(self, question: Callable[[], None], *, seconds: float) -> None:
        """Ask nothing yet."""
        self._limited = TimeLimited(question, seconds=seconds)

    def find(self) -> Finding:
        """Ask, and wait no longer than the limit."""
        began = time.perf_counter()
        error = None
        try:
            self._limited.ask()
        except Exception as failure:
            # Whatever stands in the way of a yes is a no.
            error = type(failure).__name__
        return Finding(error is None, round((time.perf_counter() - began) * 1000, 2), error)


class Migrations:
    """Remembers that nothing was left to migrate; tables do not grow older again."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._are_applied = False

    def demand(self) -> None:
        """Do nothing if the database has every migration that this code knows.

        Raises:
            MigrationsMissing: it has not.
        """
        if self._are_applied:
            return
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise MigrationsMissing
        self._are_applied = True


def ask_database() -> None:
    """Have the database answer that it takes writes.

    Raises:
        DatabaseReadOnly: it answers, and does not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')::boolean")
        (is_read_only,) = cursor.fetchone()
    if is_read_only:
        raise DatabaseReadOnly


def ask_cache() -> None:
    """Have Valkey answer."""
    valkey.client().ping()


def ask_broker() -> None:
    """Log in at the broker that carries the wake-ups."""
    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=SECONDS,
        transport_options={**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "max_retries": 0},
    ) as broker:
        broker.ensure_connection(max_retries=1, timeout=int(SECONDS))
