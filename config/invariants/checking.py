"""Ask the database whether an invariant holds, without holding anything up."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from apps.kernel.identifiers import id_at

ROWS_NAMED = 20
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that must always hold.

    `sql` gives one row for each thing that breaks it, with columns that name the thing. It may use
    `%(since)s`, `%(since_id)s` (the lowest UUIDv7 of that instant), `%(is_bounded)s` and
    `%(stuck_seconds)s`. A rule that two contexts reach one after the other leaves out what a delivery
    is still on its way to. `needs` names tables without which there is nothing to ask.
    """

    name: str
    means: str
    remedy: str
    sql: str
    needs: tuple[str, ...] = ()
    only_when_settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at: things made since an instant, and how long something may take."""

    since: datetime | None = None
    stuck_after: timedelta = timedelta(minutes=10)
    is_settled: bool = False
    time_limit_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: how many rows break it, and the first of them.

    `problem` says why it could not be asked; then nothing is known.
    """

    invariant: Invariant
    seconds: float
    count: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)
    is_skipped: bool = False
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was asked and nothing breaks it; what does not exist breaks nothing."""
        return not self.count and not self.problem


def check_invariants(invariants: Sequence[Invariant], *, scope: Scope) -> list[Finding]:
    """Ask each question in a short read-only transaction of its own and give what was found.

    Each sees one moment of the database, but not all the same: a snapshot held for all of them
    would slow the delivery of events. Nothing is changed.
    """
    return [
        _check(invariant, scope)
        for invariant in invariants
        if scope.is_settled or not invariant.only_when_settled
    ]


def parameters_of(scope: Scope) -> dict[str, datetime | UUID | float | bool]:
    """Give what the questions may use, see `Invariant`."""
    since = scope.since or EVER
    return {
        "since": since,
        "since_id": id_at(since),
        "is_bounded": scope.since is not None,
        "stuck_seconds": scope.stuck_after.total_seconds(),
    }


def _check(invariant: Invariant, scope: Scope) -> Finding:
    started = time.monotonic()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('transaction_read_only', 'on', true), "
                "set_config('statement_timeout', %s, true), "
                "ARRAY(SELECT name FROM unnest(%s::text[]) name WHERE to_regclass(name) IS NULL)",
                # Rounded up: nothing at all is no limit to PostgreSQL.
                [f"{ceil(scope.time_limit_seconds * 1000)}ms", list(invariant.needs)],
            )
            if cursor.fetchone()[2]:
                return Finding(
                    invariant=invariant, seconds=time.monotonic() - started, is_skipped=True
                )
            cursor.execute(
                f"SELECT count(*) OVER (), broken.* FROM ({invariant.sql}) broken "
                f"LIMIT {ROWS_NAMED}",
                parameters_of(scope),
            )
            names = [column.name for column in cursor.description][1:]
            found = cursor.fetchall()
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return Finding(
            invariant=invariant,
            seconds=time.monotonic() - started,
            problem=f"no answer within {scope.time_limit_seconds:g} s; bound it with --since",
        )
    return Finding(
        invariant=invariant,
        seconds=time.monotonic() - started,
        count=found[0][0] if found else 0,
        rows=[dict(zip(names, row[1:], strict=True)) for row in found],
    )
