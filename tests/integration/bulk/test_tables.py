"""Rows of plain values: PostgreSQL finds each in its place, and gives it the type of its column."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, connection

from apps.orders.models import ListedProduct
from apps.platform.bulk import update_many
from apps.platform.bulk.rows import encode, table

pytestmark = pytest.mark.django_db

COLUMNS = {
    "number": "bigint",
    "share": "float",
    "is_set": "boolean",
    "words": "text",
    "id": "uuid",
    "at": "timestamptz",
    "raw": "bytea",
    "document": "jsonb",
}


def read(*rows: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT *, document::text FROM {table(COLUMNS)} AS v", [encode(rows)])
        return [(*row[:6], bytes(row[6] or b""), row[8]) for row in cursor.fetchall()]


def test_finds_every_value_in_its_place() -> None:
    key, at = uuid.uuid4(), datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    assert read((2**62, 0.1, False, "0", key, at, "\\x00ff", {"a": None, "b": [1]})) == [
        (2**62, 0.1, False, "0", key, at, b"\x00\xff", '{"a": null, "b": [1]}')
    ]


def test_takes_a_null_for_null_also_where_a_document_stands() -> None:
    assert read((None,) * 8, (0, 0.0, True, "", None, None, None, "null")) == [
        (None,) * 6 + (b"", None),
        (0, 0.0, True, "", None, None, b"", '"null"'),
    ]


@pytest.mark.parametrize("words", ["\0", "a\0b"])
def test_refuses_a_null_character(words: str) -> None:
    with pytest.raises(DataError):
        read((0, 0.0, True, words, None, None, None, None))


def test_refuses_a_value_of_another_type() -> None:
    with pytest.raises(DataError):
        read(("one", 0.0, True, "", None, None, None, None))


def test_refuses_a_field_that_comes_twice() -> None:
    with pytest.raises(ValueError, match=r"A field comes twice: \['sku', 'name', 'sku'\]"):
        update_many([ListedProduct(sku="A", name="a")], fields=["name", "sku"])
