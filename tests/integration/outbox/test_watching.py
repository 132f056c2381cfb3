"""Staying with the work: one worker at a time, nobody woken meanwhile, nothing lost at the end.

Whoever finds nothing to do ends by itself after a moment. The seconds given here only bound that,
and are too many to be over before the first pass on a slow machine.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from apps.platform import valkey
from apps.platform.outbox import marks, watching
from apps.platform.outbox.marks import notice, without_watched
from apps.platform.outbox.watching import work_and_watch
from tests.waiting import wait_until

SECONDS = 30.0


@pytest.fixture(autouse=True)
def fresh_valkey() -> Iterator[None]:
    valkey.forget_absence()
    yield
    valkey.forget_absence()


@pytest.fixture
def name() -> str:
    return f"work-{uuid.uuid4()}"


def steps(*amounts: int) -> Any:
    """Give so much work pass by pass, then none."""
    left = list(amounts)
    return lambda deadline: left.pop(0) if left else 0


class TestWatching:
    def test_works_until_nothing_is_left_and_counts_it(self, name: str) -> None:
        assert work_and_watch(name, steps(3, 0, 2), seconds=SECONDS) == 5

    def test_wakes_nobody_meanwhile_and_everybody_afterwards(self, name: str) -> None:
        seen: list[list[str]] = []

        def step(deadline: float) -> int:
            seen.append(without_watched([name, "other"]))
            return 0

        work_and_watch(name, step, seconds=SECONDS)
        assert seen[0] == ["other"]
        assert seen[-1] == ["other", name], "the last look comes after the mark is gone"
        assert without_watched([name]) == [name]

    @pytest.mark.parametrize(("found", "woken"), [(0, 0), (2, 1)])
    def test_looks_once_more_for_a_moment_and_wakes_others_for_the_rest(
        self, name: str, found: int, woken: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names: list[str] = []
        monkeypatch.setattr(watching, "wake", names.extend)
        given: list[float] = []

        def step(deadline: float) -> int:
            given.append(deadline - time.monotonic())
            return found if without_watched([name]) else 0

        assert work_and_watch(name, step, seconds=SECONDS) == found
        assert given[-1] <= watching.LAST_LOOK_SECONDS < given[0]
        assert names == [name] * woken

    def test_leaves_the_work_to_the_one_who_is_at_it(self, name: str) -> None:
        inner: list[int] = []

        def step(deadline: float) -> int:
            inner.append(work_and_watch(name, steps(7), seconds=SECONDS))
            return 0

        work_and_watch(name, step, seconds=SECONDS)
        assert inner[0] == 0

    def test_calls_for_help_when_there_is_a_crowd_and_there_are_helpers(
        self, name: str, settings: Any
    ) -> None:
        settings.OMS_OUTBOX_WORKERS = 2
        seen: list[list[str]] = []

        def step(deadline: float) -> int:
            seen.append(without_watched([name]))
            return 500 if len(seen) == 1 else 0

        work_and_watch(name, step, seconds=SECONDS)
        assert seen[:2] == [[], [name]]

    def test_wakes_nobody_during_a_pass_that_outlasts_the_mark(self, name: str) -> None:
        passes: list[int] = []

        def step(deadline: float) -> int:
            passes.append(1)
            if len(passes) == 1:
                for _ in range(2):
                    # As if the mark had run out: it is set anew while the pass goes on.
                    valkey.client().delete(marks._key(name))
                    wait_until(lambda: without_watched([name]) == [])
            return 0

        work_and_watch(name, step, seconds=SECONDS)
        assert len(passes) > 1

    def test_lets_others_begin_when_a_pass_hangs(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hung, goes_on = threading.Event(), threading.Event()

        def hang(deadline: float) -> int:
            hung.set()
            goes_on.wait(60)
            return 0

        thread = threading.Thread(
            target=work_and_watch, args=(name, hang), kwargs={"seconds": SECONDS}
        )
        thread.start()
        hung.wait()
        assert (work_and_watch(name, steps(7), seconds=SECONDS), notice({name})) == (0, set())
        monkeypatch.setattr(marks, "LONGEST_PASS_SECONDS", 0.0)
        wait_until(lambda: without_watched([name]) == [name])
        assert notice({name}) == {name}
        assert work_and_watch(name, steps(7), seconds=SECONDS) == 7
        goes_on.set()
        thread.join()
        assert work_and_watch(name, steps(7), seconds=SECONDS) == 7

    def test_is_told_of_new_work_in_its_own_process(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "LOOK_SECONDS", 60.0)
        assert notice({name}) == {name}, "nobody is at it yet"
        passes: list[float] = []

        def step(deadline: float) -> int:
            passes.append(time.monotonic())
            if len(passes) == 1:
                threading.Timer(0.05, notice, [{name, "other"}]).start()
            else:
                monkeypatch.setattr(watching, "LOOK_SECONDS", 0.0)
            return 0

        work_and_watch(name, step, seconds=SECONDS)
        assert passes[1] - passes[0] < 30, "it did not wait for its next look"
        assert notice({name}) == {name}

    def test_goes_on_without_valkey(self, name: str, settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert work_and_watch(name, steps(3), seconds=0.1) == 3
        assert without_watched([name]) == [name]
