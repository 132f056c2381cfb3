"""One thread does what several ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import pytest

from apps.platform.bulk.gathering import Gathering, company_wait_seconds

CROWD = 20


class Doubling:
    """Doubles numbers, and waits with the first batch until it is told to go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.has_begun, self.go_on = Event(), Event()

    def __call__(self, numbers: Sequence[int]) -> list[int | None]:
        self.batches.append(list(numbers))
        self.has_begun.set()
        assert self.go_on.wait(10)
        if 13 in numbers and len(numbers) > 1:
            raise ArithmeticError("thirteen cannot be doubled in company")
        return [2 * number for number in numbers]


@dataclass(frozen=True)
class Clock:
    """A clock whose sleep a test decides on."""

    sleep: Callable[[float], None]
    monotonic: Callable[[], float] = time.monotonic


@pytest.fixture
def doubling() -> Doubling:
    return Doubling()


def ask_in_a_crowd(
    gathering: Gathering[int, int], doubling: Doubling, numbers: Sequence[int]
) -> list[int | None]:
    """Have the numbers doubled by threads of their own, all but the first while it is under way."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        first, *others = numbers
        asked: list[Future[int | None]] = [pool.submit(gathering.ask, first)]
        assert doubling.has_begun.wait(10)
        asked += [pool.submit(gathering.ask, number) for number in others]
        while len(gathering._waiting) < len(others):
            assert not asked[0].done()
        doubling.go_on.set()
        return [one.result(10) for one in asked]


def test_begins_at_once_when_alone(doubling: Doubling) -> None:
    doubling.go_on.set()
    gathering = Gathering(doubling)
    assert [gathering.ask(1), gathering.ask(2)] == [2, 4]
    assert doubling.batches == [[1], [2]]


def test_does_together_what_was_asked_meanwhile(doubling: Doubling) -> None:
    numbers = list(range(20, 20 + CROWD))
    answers = ask_in_a_crowd(Gathering(doubling), doubling, numbers)
    assert answers == [2 * number for number in numbers]
    assert [len(batch) for batch in doubling.batches] == [1, CROWD - 1]


def test_tells_everybody_of_a_batch_that_failed_and_goes_on(doubling: Doubling) -> None:
    gathering = Gathering(doubling)
    assert ask_in_a_crowd(gathering, doubling, [1, 13, 3]) == [2, None, None]
    assert gathering.ask(4) == 8


def test_takes_too_few_results_for_a_failure() -> None:
    gathering: Gathering[int, int] = Gathering(lambda numbers: [])
    assert gathering.ask(1) is None
    assert gathering.ask(1) is None


def test_waits_for_company_where_nobody_is_in_a_hurry(
    doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubling.go_on.set()
    waits, company_is_there = [], Event()

    def wait_for_company(seconds: float) -> None:
        waits.append(seconds)
        assert company_is_there.wait(10)

    monkeypatch.setattr("apps.platform.bulk.gathering.time", Clock(wait_for_company))
    gathering = Gathering(doubling, at_least_seconds=0.5)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(gathering.ask, 1), pool.submit(gathering.ask, 2)]
        while len(gathering._waiting) < 2:
            assert not any(one.done() for one in asked)
        company_is_there.set()
        assert [one.result(10) for one in asked] == [2, 4]
    assert (waits, [sorted(batch) for batch in doubling.batches]) == ([0.5], [[1, 2]])


@pytest.mark.parametrize(
    ("took", "came", "waits"),
    [(0.01, 20, 0.03), (1.0, 8, 0.07), (1.0, 20, 0.07), (1.0, 4, 0.035), (0.001, 1, 0.0003)],
)
def test_waits_longer_where_it_takes_long_and_many_come(
    took: float, came: int, waits: float
) -> None:
    assert company_wait_seconds(took, came=came) == pytest.approx(waits)
