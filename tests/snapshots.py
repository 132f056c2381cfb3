"""Put rows back that took long to make, instead of making them anew for every test."""

import time
from collections.abc import Mapping
from typing import Generic, TypeVar

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tests.emptying import list_filled

Made = TypeVar("Made")

LIFETIME_SECONDS = 180
"""Rows that are older may be overdue by the platform's clocks."""


class Snapshot(Generic[Made]):
    """What a maker returned, with all rows of the database, which was empty before."""

    def __init__(self, made: Made, rows: Mapping[str, bytes]) -> None:
        self.made = made
        self._rows = rows
        self._taken_at = time.monotonic()

    @classmethod
    def take(cls, made: Made) -> "Snapshot[Made]":
        """Read the rows, table by table."""
        names = list_filled()
        with connection.cursor() as cursor:
            return cls(made, {name: _read(cursor, name) for name in names})

    @property
    def is_fresh(self) -> bool:
        """Whether the rows are as good as new."""
        return time.monotonic() - self._taken_at < LIFETIME_SECONDS

    def put_back(self) -> None:
        """Write the rows into an empty database, as they were."""
        with transaction.atomic(), connection.cursor() as cursor:
            # As a replica the session skips foreign keys: the tables may come in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name, rows in self._rows.items():
                with cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
                    copy.write(rows)
            cursor.execute("SET LOCAL session_replication_role = origin")


def _read(cursor: CursorWrapper, name: str) -> bytes:
    with cursor.copy(f'COPY (SELECT * FROM "{name}") TO STDOUT') as copy:
        return b"".join(copy)
