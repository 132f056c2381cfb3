"""Pages of real rows, among them rows that are equal in all but the last column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.web.pagination import Page, page
from apps.platform.web.refusals import HttpRefusal

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ORDERS = [
    ("created_at", "key"),
    ("-created_at", "-key"),
    ("-created_at", "key"),
    ("created_at", "-key"),
    ("status", "-created_at", "key"),
    ("-key",),
]


@pytest.fixture(autouse=True)
def rows() -> None:
    IdempotencyRecord.objects.bulk_create(
        IdempotencyRecord(
            client="service:a",
            key=f"{number:02}",
            fingerprint=b"",
            status=200 + number % 2,
            body=b"",
            created_at=START + timedelta(microseconds=number // 5),
            expires_at=START + timedelta(days=1),
        )
        for number in range(23)
    )


def listing() -> QuerySet[IdempotencyRecord]:
    return IdempotencyRecord.objects.all()


def keys(found: Page[IdempotencyRecord]) -> list[str]:
    return [row.key for row in found.results]


class TestPage:
    @pytest.mark.parametrize("order", ORDERS, ids=",".join)
    @pytest.mark.parametrize("page_size", [1, 4, 5, 23, 100])
    def test_one_after_the_other_shows_every_row_once_in_order(
        self, order: tuple[str, ...], page_size: int
    ) -> None:
        seen: list[str] = []
        cursor: str | None = None
        while True:
            found = page(listing(), order=order, cursor=cursor, page_size=page_size)
            seen += keys(found)
            cursor = found.next
            if cursor is None:
                break
            assert len(found.results) == page_size
        assert seen == [row.key for row in listing().order_by(*order)]

    def test_costs_one_query(self) -> None:
        with CaptureQueriesContext(connection) as captured:
            page(listing(), order=("key",), page_size=5)
        assert len(captured) == 1

    def test_neither_repeats_nor_hides_when_rows_come_and_go(self) -> None:
        first = page(listing(), order=("key",), page_size=5)
        listing().filter(key__in=["01", "04"]).delete()
        second = page(listing(), order=("key",), page_size=5, cursor=first.next)
        assert keys(second) == ["05", "06", "07", "08", "09"]

    def test_is_empty_where_nothing_is(self) -> None:
        assert page(listing().none(), order=("key",)) == Page([], None)

    @pytest.mark.parametrize("size", [0, -1, 101])
    def test_refuses_a_size_out_of_range(self, size: int) -> None:
        with pytest.raises(HttpRefusal) as refused:
            page(listing(), order=("key",), page_size=size)
        assert refused.value.status == 422
        assert refused.value.errors[0].parameter == "page_size"


class TestCursor:
    def refuses(self, cursor: str, order: tuple[str, ...] = ("key",)) -> None:
        with pytest.raises(HttpRefusal) as refused:
            page(listing(), order=order, cursor=cursor)
        assert refused.value.status == 422
        assert refused.value.errors[0].parameter == "cursor"

    def test_is_refused_where_it_was_tampered_with(self) -> None:
        cursor = page(listing(), order=("key",), page_size=5).next
        assert cursor is not None
        for place in (0, 3, len(cursor) - 2):
            changed = "A" if cursor[place] != "A" else "B"
            self.refuses(cursor[:place] + changed + cursor[place + 1 :])
        for nonsense in ("x", ".", "é", cursor[:-1], cursor + "x", "W10.abc"):
            self.refuses(nonsense)

    def test_is_refused_in_another_order(self) -> None:
        cursor = page(listing(), order=("key",), page_size=5).next
        assert cursor is not None
        self.refuses(cursor, order=("-key",))

    def test_survives_a_change_of_the_secret_key(self, settings: Settings) -> None:
        cursor = page(listing(), order=("key",), page_size=5).next
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another" * 8
        assert keys(page(listing(), order=("key",), page_size=1, cursor=cursor)) == ["05"]
