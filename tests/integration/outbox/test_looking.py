"""A look at all the work of a queue: who is woken for it."""

import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from apps.platform import valkey
from apps.platform.outbox import tasks, wakeups
from apps.platform.outbox.waiting import is_waiting
from apps.platform.outbox.wakeups import WakeUp, list_looked_for
from apps.platform.outbox.watching import work_and_watch
from tests.integration.outbox.conftest import NAME, Listener, say


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, listener: Listener) -> Iterator[list[str]]:
    """Whom a look wakes, of those who are of this test."""
    valkey.forget_absence()
    names: list[str] = []
    wake_up = WakeUp(
        name=NAME, task="outbox.drain", queue="test", is_waiting=partial(is_waiting, NAME)
    )
    monkeypatch.setitem(wakeups._registered, NAME, wake_up)
    monkeypatch.setattr(tasks, "wake", names.extend)
    yield names
    valkey.forget_absence()


def look() -> None:
    tasks.look("test")


class TestLooking:
    def test_wakes_nobody_for_nothing(self, woken: list[str]) -> None:
        look()
        assert NAME not in woken

    def test_wakes_somebody_for_what_waits(self, woken: list[str]) -> None:
        say(uuid.uuid4(), "waiting")
        look()
        assert woken.count(NAME) == 1

    def test_leaves_work_alone_that_somebody_watches(self, woken: list[str]) -> None:
        say(uuid.uuid4(), "waiting")

        def look_meanwhile(deadline: float) -> int:
            look()
            return 0

        work_and_watch(NAME, look_meanwhile, seconds=0.05)
        # The last pass comes when the mark is gone already.
        assert woken.count(NAME) == 1

    def test_wakes_everybody_without_valkey(self, woken: list[str], settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        say(uuid.uuid4(), "waiting")
        look()
        assert woken.count(NAME) == 1

    def test_wakes_everybody_whose_work_cannot_be_asked_for(
        self, woken: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> bool:
            raise LookupError

        broken = WakeUp(name=f"a{NAME}", task="outbox.drain", queue="test", is_waiting=fail)
        monkeypatch.setitem(wakeups._registered, broken.name, broken)
        look()
        assert woken == [broken.name]
        say(uuid.uuid4(), "waiting")
        look()
        assert sorted(woken) == sorted([broken.name, broken.name, NAME])

    def test_asks_all_kinds_of_work_whether_anything_waits(self, db: None) -> None:
        for queue in ("inventory", "notifications", "orders", "payments"):
            asked = list_looked_for(queue)
            assert asked
            assert {is_waiting() for is_waiting in asked.values()} == {False}
