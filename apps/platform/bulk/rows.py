"""Rows as one JSON document: a single parameter that PostgreSQL takes apart again.

An array for every column would be the obvious way; turning those into text, value by value, was
half of what an order cost in Python (ADR 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeAlias

import msgspec
from django.db import connection, models

AnyField: TypeAlias = "models.Field[Any, Any]"

_encoder: Final = msgspec.json.Encoder()


def encode_rows(rows: Sequence[models.Model], fields: tuple[AnyField, ...]) -> str:
    """Give the values of the fields of all rows, as a parameter for `recordset`.

    Values must be what the column holds already: nothing is converted, as a form's input would be.
    They are read past the descriptors of the fields, which would be a fifth of the work.
    """
    names, values = _reader(fields)
    documents = [dict(zip(names, values(row.__dict__), strict=True)) for row in rows]
    return _encoder.encode(documents).decode()


@lru_cache(maxsize=256)
def recordset(fields: tuple[AnyField, ...]) -> str:
    """Give the SQL of a table `v` that has a column for each field; its parameter is the rows."""
    columns = ", ".join(f"{quoted(str(field.column))} {_type(field)}" for field in fields)
    return f"json_to_recordset(%s::json) AS v({columns})"


def literal(values: Iterable[object]) -> str:
    """Write values as the text of an array, each of them quoted."""
    return "{" + ",".join(f'"{_escaped(str(value))}"' for value in values) + "}"


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return connection.ops.quote_name(name)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@lru_cache(maxsize=256)
def _reader(fields: tuple[AnyField, ...]) -> tuple[tuple[str, ...], Any]:
    """Give the names of the columns, and what reads their values from what an instance holds."""
    names = tuple(str(field.column) for field in fields)
    if len(fields) == 1:
        single = itemgetter(fields[0].attname)
        return names, lambda held: (single(held),)
    return names, itemgetter(*(field.attname for field in fields))


def _type(field: AnyField) -> str:
    # Lengths are checked by the column; in a cast they would cut a long value silently.
    return str(field.db_type(connection)).partition("(")[0]
