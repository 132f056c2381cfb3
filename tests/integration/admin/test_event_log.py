"""The log of published facts in the back office."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib import admin
from django.db.models import F
from django.urls import reverse

from apps.platform.outbox.models import StoredEvent
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

EVENT = re.compile(r'href="(/admin/[^"]*/log/[0-9]+/[^"]*)"')


def log(enter: Enter, query: str = "") -> str:
    answer = enter("auditor").get(f"{reverse('admin:platform_outbox_log')}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


class TestTheLog:
    def test_shows_a_story_and_what_each_event_says(self, enter: Enter) -> None:
        order = make_day().confirmed
        published = StoredEvent.objects.filter(key=order.id)
        pages = EVENT.findall(log(enter, f"key={order.id}"))
        assert len(pages) == published.count() > 1
        # The oldest stands last.
        answer = enter("auditor").get(unescape(pages[-1]))
        told = unescape(answer.content.decode())
        assert "orders.order_created, version 1" in told
        assert f'"number": "{order.number}"' in told

    def test_shows_one_kind(self, enter: Enter) -> None:
        make_day()
        of_kind = StoredEvent.objects.filter(type="orders.order_confirmed").count()
        assert len(EVENT.findall(log(enter, "type=orders.order_confirmed"))) == of_kind > 0

    def test_is_leafed_through(self, enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
        make_day()
        monkeypatch.setattr("apps.platform.outbox.admin.log.SHOWN", 5)
        page, seen = log(enter), set()
        while older := re.search(r'href="\?([^"]*before=[^"]*)"', page):
            seen.update(EVENT.findall(page))
            page = log(enter, unescape(older[1]))
        seen.update(EVENT.findall(page))
        assert len(seen) == StoredEvent.objects.count()

    @pytest.mark.parametrize(
        "query",
        ["key=nobody", "type=x", "before=2020-01-01T00:00:00Z+7"],
    )
    def test_says_that_nothing_fits(self, enter: Enter, query: str) -> None:
        make_day()
        assert "No event fits" in log(enter, query)

    def test_looks_for_a_kind_a_week_at_a_time(self, enter: Enter) -> None:
        """No index knows the kinds, so a rare one is not looked for in all that was ever published."""
        make_day()
        kind = "orders.order_confirmed"
        StoredEvent.objects.filter(type=kind).update(
            occurred_at=F("occurred_at") - timedelta(days=10)
        )
        page, weeks = log(enter, f"type={kind}"), 1
        while "No event fits within that week." in page:
            (older,) = re.findall(r'href="\?([^"]*before=[^"]*)"', page)
            page, weeks = log(enter, unescape(older)), weeks + 1
        assert EVENT.search(page)
        assert weeks == 2
        assert "before=" not in page

    @pytest.mark.parametrize(
        "before",
        ["x", "2020-01-01T00:00:00Z+" + "9" * 40, "2020-13-01+1", "0001-01-02T00:00:00Z+1"],
    )
    def test_begins_with_the_newest_where_the_place_is_none(
        self, enter: Enter, before: str
    ) -> None:
        make_day()
        assert EVENT.search(log(enter, f"before={before}"))
        assert EVENT.search(log(enter, f"type=orders.order_created&before={before}"))

    @pytest.mark.parametrize(
        "at", ["", "?at=never", "?at=2020-13-01T00:00:00Z", "?at=2020-01-01T00:00:00Z"]
    )
    def test_knows_no_event_that_is_not_there(self, enter: Enter, at: str) -> None:
        page = reverse("admin:platform_outbox_event", args=[1])
        assert enter("auditor").get(f"{page}{at}").status_code == 404
