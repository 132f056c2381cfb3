"""Lanes: who holds them, what kills their workers, and how far behind they are."""

import threading
import time
import uuid

import pytest
from django.db import OperationalError, connection

from apps.platform.outbox import lanes
from apps.platform.outbox.draining import drain
from apps.platform.outbox.lag import list_lags, wait_until_heard
from apps.platform.outbox.lanes import CRASHES_BEFORE_PROBING, claimed_lanes
from apps.platform.outbox.models import Lane, ParkedKey
from tests.integration.outbox.conftest import NAME, Listener, say
from tests.waiting import wait_until


class TestLanes:
    def test_two_drains_never_hold_the_same_lane(self, listener: Listener) -> None:
        for _ in range(100):
            say(uuid.uuid4(), "busy")
        held: list[int] = []
        gate = threading.Barrier(2, timeout=10)

        def claim() -> None:
            try:
                with claimed_lanes(NAME, at_most=4) as mine:
                    held.extend(mine.lanes)
                    gate.wait()
            finally:
                connection.close()

        threads = [threading.Thread(target=claim) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(held) == list(range(8))

    def test_bounds_how_long_its_session_may_idle_while_it_is_held_and_no_longer(
        self, listener: Listener
    ) -> None:
        def limit() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SHOW idle_session_timeout")
                return str(cursor.fetchone()[0])

        say(uuid.uuid4(), "waiting")
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_lock(%s, l) FROM generate_series(0, 7) l",
                [lanes.lock_space(NAME)],
            )
        with claimed_lanes(NAME, at_most=8) as nothing:
            assert (nothing.lanes, limit()) == ([], "0")
        assert limit() == "0"
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()
        with claimed_lanes(NAME, at_most=8) as claim:
            assert (len(claim.lanes), limit()) == (1, lanes.HELD_SESSION_MAY_IDLE)
        assert limit() == "0"

    def test_comes_free_when_its_worker_dies(self, listener: Listener) -> None:
        key = uuid.uuid4()
        say(key, "waiting")
        dead = connection.copy()
        with dead.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_lock(%s, l) FROM generate_series(0, 7) l",
                [lanes.lock_space(NAME)],
            )
        subscriber = listener.subscriber
        assert subscriber
        assert drain(subscriber) == 0
        dead.close()
        # The server notices the end of the session a moment later.
        wait_until(lambda: drain(subscriber) == 1)
        assert listener.heard == [(key, "waiting")]

    def test_gives_up_a_batch_when_its_session_was_cut(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        say(uuid.uuid4(), "waiting")
        original, cuts = listener.handle, iter([True])

        def handle(batch: object) -> None:
            if next(cuts, False):
                connection.close()
                raise OperationalError("terminating connection")
            original(batch)  # type: ignore[arg-type]

        assert listener.subscriber
        monkeypatch.setitem(
            listener.subscriber.handlers,
            next(iter(listener.subscriber.handlers)),
            handle,
        )
        assert drain(listener.subscriber) == 0
        assert not ParkedKey.objects.exists()
        assert drain(listener.subscriber) == 1

    def test_clears_the_crash_count_after_an_ordinary_error(self, listener: Listener) -> None:
        say(uuid.uuid4(), "bad")
        listener.fails = lambda event: True
        assert listener.subscriber
        drain(listener.subscriber)
        assert not Lane.objects.filter(subscriber=NAME, crashes__gt=0).exists()

    def test_buries_the_event_that_kills_its_workers_and_delivers_all_others(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poison = uuid.uuid4()
        others = [uuid.uuid4() for _ in range(40)]
        for key in others[:20]:
            say(key, "fine")
        say(poison, "poison")
        for key in others[20:]:
            say(key, "fine")

        class Died(BaseException):
            """Stands for SIGKILL: nothing of ours may catch it."""

        def handle(batch: object) -> None:
            if any(one.event.reason == "poison" for one in batch):  # type: ignore[attr-defined]
                raise Died
            listener.handle(batch)  # type: ignore[arg-type]

        assert listener.subscriber
        monkeypatch.setitem(
            listener.subscriber.handlers,
            next(iter(listener.subscriber.handlers)),
            handle,
        )
        monkeypatch.setattr(lanes, "_release", lambda *_: connection.close())
        deaths = 0
        for _ in range(12):
            try:
                drain(listener.subscriber)
            except Died:
                deaths += 1
            connection.close()
        assert deaths == CRASHES_BEFORE_PROBING + 1
        assert {key for key, _ in listener.heard} == set(others)
        parked = ParkedKey.objects.get()
        assert (parked.key, parked.dead) == (poison, True)


class TestLag:
    def test_tells_what_waits_and_for_how_long(self, listener: Listener) -> None:
        say(uuid.uuid4(), "waiting")
        time.sleep(0.05)
        (lag,) = [one for one in list_lags() if one.subscriber == NAME]
        assert (lag.waiting, lag.dead) == (1, 0)
        assert 0.05 <= lag.oldest_seconds < 30

    def test_waits_until_a_story_is_heard(self, listener: Listener) -> None:
        key = uuid.uuid4()
        say(key, "waiting")
        assert not wait_until_heard([key], seconds=0)
        assert listener.subscriber
        drain(listener.subscriber)
        assert wait_until_heard([key], seconds=0)
