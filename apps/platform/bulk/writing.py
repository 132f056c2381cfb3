"""Write many rows in one statement, those of several models too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connection, models

AnyField: TypeAlias = "models.Field[Any, Any]"


def insert_together(*groups: Sequence[models.Model]) -> None:
    """Insert rows of one or more models with a single statement; each group is of one model.

    Keys that the database makes are left to it and not read back; defaults of the models count,
    `auto_now` does not. No rows, no statement.

    Raises:
        django.db.IntegrityError: a row breaks a constraint; nothing is written.
    """
    filled = [group for group in groups if group]
    if not filled:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _insert_statement(tuple(type(group[0]) for group in filled)),
            [column for group in filled for column in _columns(group, _insertable(type(group[0])))],
        )


def update_many(rows: Sequence[models.Model], *, fields: Sequence[str]) -> None:
    """Write the named fields of all rows in one UPDATE; the rows must be locked and of one model.

    Writing the same rows again changes nothing. No rows, no statement.
    """
    if not rows:
        return
    model = type(rows[0])
    changed = tuple(_field(model, name) for name in fields)
    columns = _columns(rows, (model._meta.pk, *changed))
    with connection.cursor() as cursor:
        cursor.execute(_update_statement(model, changed), [*columns, columns[0]])


def _columns(rows: Sequence[models.Model], fields: Sequence[AnyField]) -> list[list[Any]]:
    return [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in fields
    ]


@lru_cache(maxsize=256)
def _insert_statement(kinds: tuple[type[models.Model], ...]) -> str:
    parts = []
    for kind in kinds:
        fields = _insertable(kind)
        names = ", ".join(_name(field) for field in fields)
        parts.append(
            f"INSERT INTO {_quoted(kind._meta.db_table)} ({names}) "
            f"SELECT * FROM unnest({_arrays(fields)})"
        )
    *first, last = parts
    together = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(first))
    return f"WITH {together} {last}" if first else last


@lru_cache(maxsize=256)
def _update_statement(model: type[models.Model], changed: tuple[AnyField, ...]) -> str:
    fields = (model._meta.pk, *changed)
    names = [_name(field) for field in fields]
    key = names[0]
    assignments = ", ".join(f"{name} = v.{name}" for name in names[1:])
    # The key is compared with the list a second time so that partitions can be left out.
    return (
        f"UPDATE {_quoted(model._meta.db_table)} t SET {assignments} "
        f"FROM unnest({_arrays(fields)}) AS v({', '.join(names)}) "
        f"WHERE t.{key} = v.{key} AND t.{key} = ANY(%s::{fields[0].db_type(connection)}[])"
    )


@lru_cache(maxsize=256)
def _insertable(model: type[models.Model]) -> tuple[AnyField, ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if field.db_type(connection) and field is not model._meta.auto_field
    )


def _field(model: type[models.Model], name: str) -> AnyField:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    raise LookupError(f"{model.__name__} has no field {name!r}")


def _arrays(fields: Sequence[AnyField]) -> str:
    return ", ".join(f"%s::{_type(field)}[]" for field in fields)


def _type(field: AnyField) -> str:
    # Lengths are checked by the column; in a cast they would cut a long value silently.
    return str(field.db_type(connection)).partition("(")[0]


def _name(field: AnyField) -> str:
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
