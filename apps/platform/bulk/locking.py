"""Lock many rows in one statement and one order, and read them cheaply."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models.base import ModelState

from apps.kernel.decoding import decoder_of
from apps.platform.bulk.rows import AnyField, literal, quoted

Row = TypeVar("Row", bound=models.Model)

_KINDS: tuple[tuple[type[AnyField], Any], ...] = (
    (models.UUIDField, UUID),
    (models.DateTimeField, datetime),
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.CharField, str),
    (models.TextField, str),
)


def lock_many(
    model: type[Row], ids: Iterable[object], *, by: str = "id", where: str = "true"
) -> list[Row]:
    """Lock the rows whose column `by` is one of the ids, in key order; `where` is more SQL.

    Everybody who locks rows of a table this way waits for the others in one order. What comes back
    are instances with every column loaded, read as JSON, which costs less than building them column
    by column. No ids, no statement.
    """
    wanted = literal(ids)
    if wanted == "{}":
        return []
    make = _maker(model)
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, by, where), [wanted])
        alias = connection.alias
        return [make(document, alias) for (document,) in cursor.fetchall()]


def list_known(model: type[models.Model], ids: Iterable[UUID], *, by: str) -> set[UUID]:
    """Say which of the ids stand in the column `by` already, without locking anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {quoted(by)} FROM {quoted(model._meta.db_table)} "
            f"WHERE {quoted(by)} = ANY(%s::uuid[])",
            [literal(ids)],
        )
        return {found for (found,) in cursor.fetchall()}


@lru_cache(maxsize=64)
def _statement(model: type[models.Model], by: str, where: str) -> str:
    columns = ", ".join(f"t.{quoted(str(field.column))}" for field in model._meta.concrete_fields)
    key = next(field for field in model._meta.concrete_fields if field.column == by)
    return (
        f"SELECT json_build_array({columns})::text FROM {quoted(model._meta.db_table)} t "
        f"WHERE t.{quoted(by)} = ANY(%s::{key.db_type(connection)}[]) AND {where} "
        f"ORDER BY t.{quoted(str(model._meta.pk.column))} FOR UPDATE OF t"
    )


@lru_cache(maxsize=64)
def _maker(model: type[Row]) -> Callable[[str, str], Row]:
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    shape: Any = tuple[tuple(_kind(field) for field in fields)]  # type: ignore[misc]
    decode = decoder_of(shape).decode

    def make(document: str, alias: str) -> Row:
        row = model.__new__(model)
        state = ModelState()
        state.db, state.adding = alias, False
        row.__dict__.update(zip(names, decode(document), strict=True), _state=state)
        return row

    return make


def _kind(field: AnyField) -> Any:
    column = field.target_field if isinstance(field, models.ForeignKey) else field
    kind = next((kind for shape, kind in _KINDS if isinstance(column, shape)), Any)
    return kind | None if field.null and kind is not Any else kind
