"""Waiting for an outcome, as far as the caller prefers to."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from apps.platform.web.preferences import mark_applied, wait_preferred, wait_until


class Stopwatch:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(round(seconds, 4))

    def monotonic(self) -> float:
        return self.now


class TestWaitPreferred:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("wait=5", 5),
            ("wait=0", 0),
            ("wait=10", 10),
            ("WAIT=5", 5),
            ("wait = 5", 5),
            ('wait="5"', 5),
            ("respond-async, wait=5", 5),
            ('handling=lenient; x="a, wait=9", wait=5', 5),
            ("wait=5; strict", 5),
            ("wait=5, wait=7", 5),
            ("wait=11", None),
            ("wait=-1", None),
            ("wait=1.5", None),
            ("wait=1e9", None),
            ("wait=99999999999", None),
            ("wait=soon", None),
            ("wait", None),
            ("wait=", None),
            ("await=5", None),
            ('note="wait=5"', None),
            ("respond-async", None),
            (",,;=", None),
            ("wait=5, " + "x" * 248, 5),
            ("wait=5, " + "x" * 249, None),
            ("", None),
        ],
    )
    def test_heeds_what_is_well_formed_and_ignores_the_rest(
        self, header: str, seconds: int | None
    ) -> None:
        request = RequestFactory().get("/", headers={"Prefer": header})
        assert wait_preferred(request) == seconds

    def test_is_nothing_without_the_header(self) -> None:
        assert wait_preferred(RequestFactory().get("/")) is None


class TestWaitUntil:
    def test_gives_the_answer_as_soon_as_there_is_one(self) -> None:
        watch = Stopwatch()
        answers = iter([None, None, "settled"])
        assert wait_until(
            lambda: next(answers), 5, pause=watch.pause, monotonic=watch.monotonic
        ) == ("settled")
        assert watch.pauses == [0.02, 0.03]

    def test_pauses_longer_and_longer_and_gives_up_in_time(self) -> None:
        watch = Stopwatch()
        asked = []

        def check() -> None:
            asked.append(watch.now)

        assert wait_until(check, 0.5, pause=watch.pause, monotonic=watch.monotonic) is None
        assert watch.pauses == [0.02, 0.03, 0.045, 0.0675, 0.1, 0.1, 0.1, 0.0375]
        assert asked[-1] == watch.now == pytest.approx(0.5)

    def test_asks_once_without_any_patience(self) -> None:
        asked = []
        assert wait_until(lambda: asked.append(1), 0) is None
        assert asked == [1]

    def test_takes_false_for_an_answer(self) -> None:
        assert wait_until(lambda: False, 5) is False


class TestMarkApplied:
    def test_says_what_was_heeded(self) -> None:
        response = HttpResponse()
        mark_applied(response, 5)
        assert response.headers["Preference-Applied"] == "wait=5"
