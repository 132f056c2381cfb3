"""Columns of identifiers, each of which mypy knows the type of: an order's is no payment's.

What a foreign key holds (`payment_id` beside `payment`) mypy takes for a plain UUID; whoever hands it on
says what it is: `PaymentId(operation.payment_id)`.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.db import models

from apps.kernel.identifiers import Id


def id_field(_kind: Callable[[UUID], Id], **options: Any) -> "models.UUIDField[Id, Id]":
    """Make a column of identifiers of this kind; the options are those of a UUIDField."""
    return cast("models.UUIDField[Id, Id]", models.UUIDField(**options))


def optional_id_field(
    _kind: Callable[[UUID], Id], **options: Any
) -> "models.UUIDField[Id | None, Id | None]":
    """Make a column that may be empty, otherwise as `id_field`."""
    return cast("models.UUIDField[Id | None, Id | None]", models.UUIDField(null=True, **options))
