"""Delivery: in order per key, exactly once, around failures and dead workers."""

import time
import uuid
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from apps.platform.outbox import draining
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import Delivery, ParkedKey, StoredEvent
from apps.platform.outbox.parking import ATTEMPTS, retry_parked, skip_head
from tests.integration.outbox.conftest import NAME, Listener, say


def make_due() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_parked SET next_at = now() - interval '1 s'")


def raise_in_postgresql(sqlstate: str) -> bool:
    """Have the server itself fail with a code."""
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")
    return True


class TestDrain:
    def test_hands_a_story_on_in_order_and_leaves_nothing(self, listener: Listener) -> None:
        keys = [uuid.uuid4() for _ in range(20)]
        for key in keys:
            say(key, "one", "two", "three")
        assert listener.subscriber
        assert drain(listener.subscriber) == 60
        for key in keys:
            assert [r for k, r in listener.heard if k == key] == ["one", "two", "three"]
        assert not Delivery.objects.filter(subscriber=NAME).exists()

    def test_works_in_batches(self, listener: Listener) -> None:
        for _ in range(10):
            say(uuid.uuid4(), "same")
        assert listener.subscriber
        drain(listener.subscriber)
        assert listener.batches == [10]

    @pytest.mark.parametrize("workers", [1, 2, 3, 8])
    def test_leaves_no_lane_that_is_free_however_many_may_share_them(
        self, listener: Listener, settings: Settings, workers: int
    ) -> None:
        settings.OMS_OUTBOX_WORKERS = workers
        for _ in range(50):
            say(uuid.uuid4(), "once")
        assert listener.subscriber
        assert drain(listener.subscriber) == 50

    def test_goes_on_after_a_batch_of_which_all_failed(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(draining, "BATCH", 3)
        for text in ("bad", "bad", "bad", "good", "good"):
            say(uuid.uuid4(), text)
        listener.fails = lambda event: event.reason == "bad"
        assert listener.subscriber
        assert drain(listener.subscriber) == 2

    def test_finds_nothing_when_called_again(self, listener: Listener) -> None:
        say(uuid.uuid4(), "once")
        assert listener.subscriber
        assert (drain(listener.subscriber), drain(listener.subscriber)) == (1, 0)
        assert len(listener.heard) == 1

    def test_leaves_effects_and_delivery_together_when_the_handler_fails(
        self, listener: Listener
    ) -> None:
        say(uuid.uuid4(), "bad")
        listener.fails = lambda event: True
        assert listener.subscriber
        assert drain(listener.subscriber) == 0
        assert Delivery.objects.filter(subscriber=NAME).count() == 1
        parked = ParkedKey.objects.get()
        assert (parked.attempts, parked.dead) == (1, False)
        assert parked.error == "RuntimeError: cannot hear bad"

    def test_a_failing_key_holds_up_nobody_else(self, listener: Listener) -> None:
        bad, good = uuid.uuid4(), [uuid.uuid4() for _ in range(30)]
        say(bad, "bad", "after")
        for key in good:
            say(key, "fine")
        listener.fails = lambda event: event.reason == "bad"
        assert listener.subscriber
        assert drain(listener.subscriber) == 30
        assert {key for key, _ in listener.heard} == set(good)
        assert Delivery.objects.filter(subscriber=NAME, key=bad).count() == 2

    def test_goes_on_in_order_once_a_key_recovers(self, listener: Listener) -> None:
        key = uuid.uuid4()
        say(key, "bad", "after")
        listener.fails = lambda event: event.reason == "bad"
        assert listener.subscriber
        drain(listener.subscriber)
        listener.fails = lambda event: False
        make_due()
        assert drain(listener.subscriber) == 2
        assert [reason for _, reason in listener.heard] == ["bad", "after"]
        assert not ParkedKey.objects.exists()

    def test_makes_a_dead_letter_after_eight_attempts_that_a_person_can_retry_or_skip(
        self, listener: Listener
    ) -> None:
        key = uuid.uuid4()
        say(key, "bad", "after")
        listener.fails = lambda event: event.reason == "bad"
        assert listener.subscriber
        for _ in range(ATTEMPTS):
            drain(listener.subscriber)
            make_due()
        parked = ParkedKey.objects.get()
        assert (parked.attempts, parked.dead) == (ATTEMPTS, True)
        assert drain(listener.subscriber) == 0
        assert retry_parked(ids=[parked.id]) == 1
        assert drain(listener.subscriber) == 0
        ParkedKey.objects.update(dead=True)
        assert skip_head(ids=[parked.id]) == 1
        assert drain(listener.subscriber) == 1
        assert [reason for _, reason in listener.heard] == ["after"]
        assert StoredEvent.objects.count() == 2

    def test_delivers_what_comes_before_the_event_that_fails_and_keeps_what_comes_after(
        self, listener: Listener
    ) -> None:
        key = uuid.uuid4()
        say(key, "before", "poison", "after")
        listener.fails = lambda event: event.reason == "poison"
        assert listener.subscriber
        assert drain(listener.subscriber) == 1
        _, poison, after = StoredEvent.objects.order_by("event_id").values_list(
            "event_id", flat=True
        )
        waiting = Delivery.objects.filter(subscriber=NAME).values_list("event_id", flat=True)
        assert (sorted(waiting), ParkedKey.objects.get().event_id) == ([poison, after], poison)
        listener.heard.clear()
        ParkedKey.objects.update(dead=True)
        assert skip_head(ids=[ParkedKey.objects.get().id]) == 1
        assert drain(listener.subscriber) == 1
        assert listener.heard == [(key, "after")]

    def test_counts_the_failures_of_each_event_of_a_key_for_itself(
        self, listener: Listener
    ) -> None:
        say(uuid.uuid4(), "first", "second")
        listener.fails = lambda event: event.reason == "first"
        assert listener.subscriber
        for _ in range(ATTEMPTS - 1):
            drain(listener.subscriber)
            make_due()
        listener.fails = lambda event: event.reason == "second"
        drain(listener.subscriber)
        parked = ParkedKey.objects.get()
        assert (parked.attempts, parked.dead) == (1, False)

    @pytest.mark.parametrize(
        "newer",
        [
            {"type": "orders.order_teleported"},
            {"version": 2},
            {"type": "orders.order_cancellation_requested"},
        ],
    )
    def test_lets_an_event_of_a_newer_release_wait_for_it(
        self, listener: Listener, newer: dict[str, Any]
    ) -> None:
        key = uuid.uuid4()
        say(key, "new", "after")
        say(uuid.uuid4(), "another story")
        new = StoredEvent.objects.get(payload__reason="new")
        event = StoredEvent.objects.filter(event_id=new.event_id)
        event.update(**newer)
        assert listener.subscriber
        for _ in range(ATTEMPTS + 1):
            drain(listener.subscriber)
            make_due()
        parked = ParkedKey.objects.get()
        assert (parked.attempts, parked.dead) == (0, False)
        assert parked.error.startswith("UnknownEventType")
        assert {reason for _, reason in listener.heard} == {"another story"}
        listener.heard.clear()
        event.update(type=new.type, version=new.version)
        assert drain(listener.subscriber) == 2
        assert listener.heard == [(key, "new"), (key, "after")]

    def test_lets_a_person_skip_what_waits_for_a_release_that_never_comes(
        self, listener: Listener
    ) -> None:
        key = uuid.uuid4()
        say(key, "new", "after")
        StoredEvent.objects.filter(payload__reason="new").update(version=2)
        assert listener.subscriber
        drain(listener.subscriber)
        assert skip_head(ids=[ParkedKey.objects.get().id]) == 1
        assert drain(listener.subscriber) == 1
        assert listener.heard == [(key, "after")]

    def test_repeats_the_batch_when_the_database_asks_for_it(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        say(uuid.uuid4(), "fine")
        tries = iter([True, False])
        original = listener.handle

        def handle(batch: object) -> None:
            if next(tries):
                raise_in_postgresql("40P01")
            original(batch)  # type: ignore[arg-type]  # the fixture's own batch

        assert listener.subscriber
        monkeypatch.setitem(
            listener.subscriber.handlers,
            next(iter(listener.subscriber.handlers)),
            handle,
        )
        assert drain(listener.subscriber) == 1
        assert not ParkedKey.objects.exists()

    @pytest.mark.parametrize("sqlstate", ["57014", "53200", "22003"])
    def test_parks_an_event_on_which_the_database_always_fails(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch, sqlstate: str
    ) -> None:
        say(uuid.uuid4(), "fine")
        monkeypatch.setattr(listener, "fails", lambda event: raise_in_postgresql(sqlstate))
        assert listener.subscriber
        assert drain(listener.subscriber) == 0
        parked = ParkedKey.objects.get()
        assert (parked.attempts, parked.error.split()[1:]) == (1, [sqlstate])

    @pytest.mark.parametrize("sqlstate", ["40001", "55P03"])
    def test_does_not_count_what_passes(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch, sqlstate: str
    ) -> None:
        say(uuid.uuid4(), "locked")
        say(uuid.uuid4(), "free")
        listener.fails = lambda event: event.reason == "locked" and raise_in_postgresql(sqlstate)
        assert listener.subscriber
        assert drain(listener.subscriber, until=time.monotonic() + 0.5) == 1
        assert not ParkedKey.objects.exists()
        listener.fails = lambda event: False
        assert drain(listener.subscriber) == 1

    def test_keeps_the_words_of_the_database_to_itself(self, listener: Listener) -> None:
        say(uuid.uuid4(), "fine")

        def fails(event: object) -> bool:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMP TABLE t (name text CONSTRAINT short CHECK (false))")
                cursor.execute("INSERT INTO t VALUES ('Ada Example')")
            return False

        listener.fails = fails
        assert listener.subscriber
        drain(listener.subscriber)
        assert ParkedKey.objects.get().error == "IntegrityError 23514 short"


def test_waves_keep_the_order_within_a_key() -> None:
    class One:
        def __init__(self, key: int, event: object) -> None:
            self.key, self.event = key, event

    batch = [One(1, 1), One(2, 1), One(1, "x"), One(2, 2), One(1, 3)]
    waves = [
        (kind.__name__, [(one.key, one.event) for one in group])
        for kind, group in draining.in_waves(batch)  # type: ignore[arg-type]
    ]
    assert waves == [
        ("int", [(1, 1), (2, 1)]),
        ("str", [(1, "x")]),
        ("int", [(2, 2)]),
        ("int", [(1, 3)]),
    ]
