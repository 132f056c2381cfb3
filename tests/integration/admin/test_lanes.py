"""The lanes of the event bus in the back office."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from apps.platform.outbox import lane_states
from apps.platform.outbox.lanes import claimed_lanes, ensure_lanes, lock_space
from apps.platform.outbox.models import Delivery, Lane, StoredEvent
from tests.integration.admin.conftest import Enter
from tests.integration.admin.order_pages import words_of
from tests.integration.admin.test_pages import queries_of
from tests.integration.outbox.conftest import NAME, say

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

Execute = Callable[[str, Any, bool, Any], Any]
OTHER = "test.other"
"""Its locks have a negative number, unlike those of the first."""


@pytest.fixture(autouse=True)
def _lanes() -> None:
    """Have a subscriber with its lanes, and another one."""
    ensure_lanes(NAME)
    ensure_lanes(OTHER)


def lanes(subscriber: str = "") -> str:
    return f"{reverse('admin:platform_outbox_lanes')}?subscriber={subscriber}"


def lane(nth: int) -> str:
    return reverse("admin:platform_outbox_lane", args=[NAME, nth])


def wait(count: int, *, subscriber: str = NAME) -> list[StoredEvent]:
    """Have events wait in the third lane of a subscriber, and give them."""
    key = uuid.uuid4()
    say(key, *(f"reason {number}" for number in range(count)))
    events = list(StoredEvent.objects.filter(key=key).order_by("event_id"))
    Delivery.objects.bulk_create(
        Delivery(
            subscriber=subscriber,
            lane=3,
            event_id=event.event_id,
            occurred_at=event.occurred_at,
            key=event.key,
        )
        for event in events
    )
    return events


class TestLanes:
    def test_say_what_waits_and_what_went_wrong(self, enter: Enter) -> None:
        wait(2)
        client = enter("operations")
        Lane.objects.filter(subscriber=NAME, lane=4).update(crashes=1)
        Lane.objects.filter(subscriber=NAME, lane=5).update(crashes=4)
        shown = words_of(client, lanes(NAME))
        assert f"{NAME} 2 empty 0 –" in shown
        assert f"{NAME} 3 waiting 2" in shown
        assert f"{NAME} 4 its worker died 0 – 1" in shown
        assert f"{NAME} 5 probed 0 – 4" in shown

    @pytest.mark.parametrize("subscriber", [NAME, OTHER])
    def test_say_which_one_a_worker_holds(self, enter: Enter, subscriber: str) -> None:
        wait(2, subscriber=subscriber)
        client = enter("operations")
        with claimed_lanes(subscriber, at_most=8) as claim:
            assert claim.lanes == [3]
            assert f"{subscriber} 3 worked on 2" in words_of(client, lanes())
        assert f"{subscriber} 3 waiting 2" in words_of(client, lanes())

    @pytest.mark.parametrize("is_there", [(True, False), (False, True), (False, False)])
    def test_mourn_no_worker_that_comes_or_ends_while_they_are_read(
        self, is_there: tuple[bool, bool]
    ) -> None:
        Lane.objects.filter(subscriber=NAME, lane=3).update(crashes=1)
        looks = iter(is_there)

        def come_or_go(execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql == lane_states._HELD:
                lock = f"pg_advisory_lock({lock_space(NAME)}, 3)"
                execute(
                    f"SELECT {lock if next(looks) else 'pg_advisory_unlock_all()'}",
                    None,
                    False,
                    context,
                )
            return execute(sql, params, many, context)

        with connection.execute_wrapper(come_or_go):
            (read,) = (one for one in lane_states.list_lanes(NAME) if one.lane == 3)
        assert read.standing == ("worked on" if any(is_there) else "its worker died")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")

    def test_are_those_of_one_subscriber_or_of_all(self, enter: Enter) -> None:
        client = enter("operations")
        assert f"{OTHER} 0" in words_of(client, lanes())
        assert f"{OTHER} 0" not in words_of(client, lanes(NAME))
        for nonsense in ("nobody", "' OR 1=1 --", "%25", "9" * 3000):
            assert "There is no such lane." in words_of(client, lanes(nonsense))
        lag = client.get(reverse("admin:platform_outbox_lag")).content.decode()
        assert lanes("payments.saga") in lag

    def test_show_the_events_that_wait_in_one(self, enter: Enter) -> None:
        events = wait(2)
        Lane.objects.filter(subscriber=NAME, lane=3).update(probe_event_id=events[0].event_id)
        client = enter("operations")
        page = client.get(lane(3)).content.decode()
        for event in events:
            assert reverse("admin:platform_outbox_event", args=[event.event_id]) in page
        assert f"Event suspected of that {events[0].event_id}" in words_of(client, lane(3))
        assert "Nothing waits here." in words_of(client, lane(2))
        for nowhere in (8, 10**30):
            assert client.get(lane(nowhere)).status_code == 404

    def test_count_no_more_than_can_be_counted_fast(
        self, enter: Enter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wait(3)
        for module in ("lane_states", "admin.lanes"):
            monkeypatch.setattr(f"apps.platform.outbox.{module}.COUNTED", 2)
        assert "waiting 2 or more" in words_of(enter("operations"), lanes(NAME))

    def test_are_looked_at_through_the_key_of_deliveries(self) -> None:
        wait(3)
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {lane_states._LANES}", [500, NAME])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")
        # Nothing is sorted below the limit: the index has them in order.
        assert re.search(r"-> +Limit.*\n +-> +Index (Only )?Scan using outbox_delivery_pkey", plan)

    def test_cost_the_same_however_much_waits(self, enter: Enter) -> None:
        wait(1)
        client = enter("operations")
        pages = (lanes(), lane(3))
        few = [queries_of(client, page) for page in pages]
        wait(40)
        assert [queries_of(client, page) for page in pages] == few

    def test_are_closed_without_a_role(self, enter: Enter) -> None:
        nobody = enter("nobody")
        assert [nobody.get(page).status_code for page in (lanes(), lane(3))] == [403, 403]
