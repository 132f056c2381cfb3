"""Write many changed rows in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models


@lru_cache(maxsize=256)
def _update_statement(model: type[models.Model], names: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in names]
    columns = [quote(str(field.column)) for field in fields]
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    table, key = quote(model._meta.db_table), columns[0]
    assignments = ", ".join(f"{column} = v.{column}" for column in columns[1:])
    # The key is compared with the list a second time so that partitions can be left out.
    return (
        f"UPDATE {table} t SET {assignments} "
        f"FROM unnest({arrays}) AS v({', '.join(columns)}) "
        f"WHERE t.{key} = v.{key} AND t.{key} = ANY(%s::{fields[0].db_type(connection)}[])"
    )


def update_many(rows: Sequence[models.Model], *, fields: Sequence[str]) -> None:
    """Write the named fields of all rows in one UPDATE; the rows must be locked and of one model.

    Writing the same rows again changes nothing. No rows, no statement.
    """
    if not rows:
        return
    model = type(rows[0])
    key = model._meta.pk
    names = (key.attname, *(_field(model, name).attname for name in fields))
    parameters: list[list[Any]] = [
        [_field(model, name).get_db_prep_save(getattr(row, name), connection) for row in rows]
        for name in names
    ]
    with connection.cursor() as cursor:
        cursor.execute(_update_statement(model, names), [*parameters, parameters[0]])


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    raise LookupError(f"{model.__name__} has no field {name!r}")
