"""Columns of identifiers, each of which mypy knows the type of: an order's is no payment's.

What a foreign key holds (`payment_id` beside `payment`) mypy takes for a plain UUID; whoever hands it on
says what it is: `PaymentId(operation.payment_id)`.
"""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.db import models

from apps.kernel.identifiers import Id, new_id


def own_id_field(
    _kind: Callable[[UUID], Id], *, editable: bool = True
) -> "models.UUIDField[Id, Id]":
    """Make the primary key of things that get an identifier of this kind when they are made."""
    field = models.UUIDField(primary_key=True, default=new_id, editable=editable)
    return cast("models.UUIDField[Id, Id]", field)


def id_field(
    _kind: Callable[[UUID], Id], *, primary_key: bool = False, unique: bool = False
) -> "models.UUIDField[Id, Id]":
    """Make a column of identifiers of this kind that comes with what is stored."""
    field = models.UUIDField(primary_key=primary_key, unique=unique)
    return cast("models.UUIDField[Id, Id]", field)


def optional_id_field(_kind: Callable[[UUID], Id]) -> "models.UUIDField[Id | None, Id | None]":
    """Make a column as `id_field` does, which may be empty."""
    return cast("models.UUIDField[Id | None, Id | None]", models.UUIDField(null=True))
