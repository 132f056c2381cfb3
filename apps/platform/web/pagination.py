"""Pages of a list by keyset: a page costs the same whether it is the first or the thousandth.

A cursor holds the sort values of the last row shown, signed, so that nobody can make one up.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, Generic, TypeVar

import msgspec
from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet

from apps.kernel.decoding import decode
from apps.platform.web.refusals import FieldError, validation_failed

M = TypeVar("M", bound=Model)

DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a list, and the cursor for the rows after them; None at the end."""

    results: list[M]
    next: str | None


def page(
    queryset: QuerySet[M],
    *,
    order: Sequence[str] = ("-id",),
    cursor: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Page[M]:
    """Give the rows after `cursor` in this order, with one query.

    `order` must end in something unique and name only fields that are never null. Rows added or
    removed in between neither repeat nor hide others.

    Raises:
        HttpRefusal: 422, the cursor is not one of ours for this list, or the size is not 1 to 100.

    """
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise validation_failed(
            FieldError(parameter="page_size", detail=f"Expected 1 to {MAX_PAGE_SIZE}.")
        )
    columns = [column.removeprefix("-") for column in order]
    salt = f"page:{queryset.model._meta.label_lower}:{','.join(order)}"
    rows = queryset.order_by(*order)
    if cursor:
        rows = rows.filter(_after(order, _values(queryset.model, columns, cursor, salt)))
    found = list(rows[: page_size + 1])
    results = found[:page_size]
    has_more = len(found) > page_size
    return Page(results, _cursor(results[-1], columns, salt) if has_more else None)


def _cursor(row: Model, columns: Sequence[str], salt: str) -> str:
    values = [getattr(row, column) for column in columns]
    return _signer(salt).sign_object(values, serializer=_Json)


def _values(model: type[Model], columns: Sequence[str], cursor: str, salt: str) -> list[Any]:
    try:
        values = _signer(salt).unsign_object(cursor, serializer=_Json)
        return [
            _field_value(model, column, value)
            for column, value in zip(columns, values, strict=True)
        ]
    except (signing.BadSignature, ValidationError, ValueError) as error:
        raise validation_failed(
            FieldError(parameter="cursor", detail="This is no cursor of this list.")
        ) from error


def _field_value(model: type[Model], column: str, value: Any) -> Any:
    try:
        return model._meta.get_field(column).to_python(value)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return value


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Say "behind these values": a > x, or a = x and b > y, and so on.

    The bound on the first column repeats what follows from the rest, because an index can use it.
    """
    alternatives = []
    equal = Q()
    for column, value in zip(order, values, strict=True):
        name = column.removeprefix("-")
        comparison = "lt" if column.startswith("-") else "gt"
        alternatives.append(equal & Q(**{f"{name}__{comparison}": value}))
        equal &= Q(**{name: value})
    if len(order) == 1:
        return alternatives[0]
    first = order[0].removeprefix("-")
    bound = "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": values[0]}) & reduce(operator.or_, alternatives)


def _signer(salt: str) -> signing.Signer:
    return signing.Signer(sep=".", salt=salt)


class _Json:
    """Write times, ids and decimals as text, which `Field.to_python` reads back."""

    def dumps(self, obj: Any) -> bytes:
        return msgspec.json.encode(obj)

    def loads(self, data: bytes) -> Any:
        return decode(data)
