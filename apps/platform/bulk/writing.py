"""Write many rows in one statement, those of several models too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.db import connection, models

from apps.platform.bulk.rows import AnyField, encode_rows, literal, quoted, recordset


def insert_together(*groups: Sequence[models.Model]) -> None:
    """Insert rows of one or more models with a single statement; each group is of one model.

    Keys that the database makes are left to it and not read back; defaults of the models count,
    `auto_now` does not. No rows, no statement.

    Raises:
        django.db.IntegrityError: a row breaks a constraint; nothing is written.
    """
    _insert(groups, otherwise="")


def insert_missing(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model; those that a unique constraint knows already stay as they are."""
    _insert([rows], otherwise=" ON CONFLICT DO NOTHING")


def update_many(
    rows: Sequence[models.Model],
    *,
    fields: Sequence[str],
    inserting: Sequence[models.Model] = (),
) -> None:
    """Write the named fields of all rows in one UPDATE; the rows must be locked and of one model.

    `inserting` are rows of another model, such as the steps of a history, that the same statement
    inserts as `insert_together` would. Writing the same rows again changes nothing. No rows, no
    statement.
    """
    if not rows:
        insert_together(inserting)
        return
    model = type(rows[0])
    columns = (model._meta.pk, *(_field(model, name) for name in fields))
    inserted = type(inserting[0]) if inserting else None
    with connection.cursor() as cursor:
        cursor.execute(
            _update_statement(model, columns, inserted),
            [
                *([encode_rows(inserting, _insertable(inserted))] if inserted else ()),
                encode_rows(rows, columns),
                literal(row.pk for row in rows),
            ],
        )


def _insert(groups: Sequence[Sequence[models.Model]], *, otherwise: str) -> None:
    filled = [group for group in groups if group]
    if not filled:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _insert_statement(tuple(type(group[0]) for group in filled), otherwise),
            [encode_rows(group, _insertable(type(group[0]))) for group in filled],
        )


@lru_cache(maxsize=256)
def _insert_statement(kinds: tuple[type[models.Model], ...], otherwise: str) -> str:
    *first, last = (_insert_into(kind) + otherwise for kind in kinds)
    together = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(first))
    return f"WITH {together} {last}" if first else last


def _insert_into(model: type[models.Model]) -> str:
    fields = _insertable(model)
    names = ", ".join(quoted(str(field.column)) for field in fields)
    return (
        f"INSERT INTO {quoted(model._meta.db_table)} ({names}) "
        f"SELECT {names} FROM {recordset(fields)}"
    )


@lru_cache(maxsize=256)
def _update_statement(
    model: type[models.Model],
    fields: tuple[AnyField, ...],
    inserted: type[models.Model] | None,
) -> str:
    key, *changed = (quoted(str(field.column)) for field in fields)
    assignments = ", ".join(f"{name} = v.{name}" for name in changed)
    together = f"WITH inserted AS ({_insert_into(inserted)}) " if inserted else ""
    # The key is compared with the list a second time so that partitions can be left out.
    return (
        f"{together}UPDATE {quoted(model._meta.db_table)} t SET {assignments} FROM {recordset(fields)} "
        f"WHERE t.{key} = v.{key} AND t.{key} = ANY(%s::{fields[0].db_type(connection)}[])"
    )


@lru_cache(maxsize=256)
def _insertable(model: type[models.Model]) -> tuple[AnyField, ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if field.db_type(connection) and field is not model._meta.auto_field
    )


@lru_cache(maxsize=1024)
def _field(model: type[models.Model], name: str) -> AnyField:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    raise LookupError(f"{model.__name__} has no field {name!r}")
