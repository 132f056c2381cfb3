"""Put rows back that took long to make, instead of making them anew for every test."""

import time
from collections.abc import Mapping
from typing import Generic, TypeVar

from django.db import connection, transaction

from tests.emptying import list_filled

Made = TypeVar("Made")

LIFETIME_SECONDS = 180
"""Rows that are older may be overdue by the platform's clocks."""


class Snapshot(Generic[Made]):
    """What a maker returned, with the rows that it left in tables which were empty before."""

    def __init__(self, made: Made, rows: Mapping[str, bytes]) -> None:
        self.made = made
        self._rows = rows
        self._taken_at = time.monotonic()

    @classmethod
    def take(cls, made: Made, *, empty_before: set[str]) -> "Snapshot[Made]":
        """Read the rows, table by table."""
        with connection.cursor() as cursor:
            rows = {name: _read(cursor, name) for name in list_filled() if name in empty_before}
        return cls(made, rows)

    def put_back(self) -> bool:
        """Write the rows as they were; False, and nothing written, where they would not fit any more."""
        is_old = time.monotonic() - self._taken_at > LIFETIME_SECONDS
        if is_old or self._rows.keys() & set(list_filled()):
            return False
        with transaction.atomic(), connection.cursor() as cursor:
            # As a replica the session skips foreign keys: the tables may come in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name, rows in self._rows.items():
                with cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
                    copy.write(rows)
            cursor.execute("SET LOCAL session_replication_role = origin")
        return True


def _read(cursor: object, name: str) -> bytes:
    with cursor.copy(f'COPY (SELECT * FROM "{name}") TO STDOUT') as copy:  # type: ignore[attr-defined]
        return b"".join(copy)
