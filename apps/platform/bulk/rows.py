"""Rows as one JSON document: a single parameter that PostgreSQL takes apart again.

An array for every column would be the obvious way; turning those into text, value by value, was
half of what an order cost in Python (ADR 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    values = _reader(fields)
    return encode([values(row.__dict__) for row in rows])


def encode(rows: Sequence[Sequence[object]]) -> str:
    """Give rows, each a sequence of its values, as a parameter for `table`."""
    return _encoder.encode(rows).decode()


@lru_cache(maxsize=256)
def recordset(fields: tuple[AnyField, ...]) -> str:
    """Give the SQL of a table `v` that has a column for each field; its parameter is the rows.

    Raises:
        ValueError: a field comes twice, and values would be found in a place beside theirs.
    """
    if len(set(fields)) < len(fields):
        raise ValueError(f"A field comes twice: {[field.name for field in fields]}")
    return table({quoted(str(field.column)): _type(field) for field in fields}) + " AS v"


def table(columns: Mapping[str, str]) -> str:
    """Give the SQL of a table with these columns, names to types; its parameter is rows in that order.

    A null is NULL, of `jsonb` too; arrays of SQL are not among the types.
    """
    # By place: `json_to_recordset`, which finds values by name, costs an order a seventh more (ADR 12).
    values = ", ".join(
        f"{_value(place, kind)} AS {name}" for place, (name, kind) in enumerate(columns.items())
    )
    return f"(SELECT {values} FROM jsonb_array_elements(%s::jsonb) AS rows(r))"


def _value(place: int, kind: str) -> str:
    if kind == "jsonb":
        return f"nullif(r->{place}, 'null')"
    return f"(r->>{place})::{kind}"


def literal(values: Iterable[object]) -> str:
    """Write values as the text of an array, each of them quoted."""
    return "{" + ",".join(f'"{_escaped(str(value))}"' for value in values) + "}"


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return connection.ops.quote_name(name)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@lru_cache(maxsize=256)
def _reader(fields: tuple[AnyField, ...]) -> Callable[[Mapping[str, object]], Sequence[object]]:
    """Give what reads the values of the fields from what an instance holds."""
    if len(fields) == 1:
        single = itemgetter(fields[0].attname)
        return lambda held: (single(held),)
    return itemgetter(*(field.attname for field in fields))


def _type(field: AnyField) -> str:
    # Lengths are checked by the column; in a cast they would cut a long value silently.
    return str(field.db_type(connection)).partition("(")[0]
