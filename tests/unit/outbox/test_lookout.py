"""Working without being told."""

import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from celery import current_app

from apps.platform.outbox import lookout
from apps.platform.outbox.lookout import Lookout, Silence
from apps.platform.outbox.wakeups import WakeUp, list_wake_ups
from tests.waiting import wait_until

TASK = "test.note"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A task that notes when it runs, and fails when it is told so."""
    noted: list[str] = []

    def note(what: str) -> None:
        noted.append(what)
        if what == "bad":
            raise RuntimeError(what)

    # Celery gives an old function under a name that it has heard before.
    monkeypatch.setattr("tests.unit.outbox.test_lookout.TASK", f"test.note.{uuid.uuid4()}")
    current_app.task(name=TASK, shared=False)(note)
    yield noted
    del current_app.tasks[TASK]


class TestLookout:
    @pytest.mark.parametrize("what", ["good", "bad"])
    def test_goes_on_whatever_happens_until_it_is_stopped(self, runs: list[str], what: str) -> None:
        watch = Lookout([WakeUp(name="note", task=TASK, args=(what,), queue="test")])
        watch.start()
        wait_until(lambda: len(runs) >= 2)
        watch.stop()
        time.sleep(2 * lookout.PAUSE_SECONDS)
        count = len(runs)
        time.sleep(2 * lookout.PAUSE_SECONDS)
        assert len(runs) == count

    def test_waits_until_it_is_needed(self, runs: list[str]) -> None:
        needed = threading.Event()
        watch = Lookout(
            [WakeUp(name="note", task=TASK, args=("good",), queue="test")],
            is_needed=needed.is_set,
        )
        watch.start()
        time.sleep(3 * lookout.PAUSE_SECONDS)
        assert runs == []
        needed.set()
        wait_until(lambda: len(runs) >= 1)
        watch.stop()


class Clock:
    """A `time.monotonic` that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_silence_is_long_after_wake_ups_have_stayed_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(lookout, "time", clock)
    silence = Silence()
    assert not silence.is_long()
    clock.now += lookout.SILENCE_SECONDS + 0.1
    assert silence.is_long()
    silence.end()
    assert not silence.is_long()


def test_every_wake_up_names_a_task_that_exists() -> None:
    current_app.loader.import_default_modules()
    assert {wake_up.task for wake_up in list_wake_ups()} <= set(current_app.tasks)
