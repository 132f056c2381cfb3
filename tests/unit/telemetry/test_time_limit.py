"""Going on without an answer."""

import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from apps.platform.telemetry import time_limit
from apps.platform.telemetry.time_limit import TimeLimited, TooSlow
from tests.waiting import wait_until


class TestTimeLimited:
    def test_answers(self) -> None:
        limited = TimeLimited(lambda: 42, seconds=5)

        assert (limited.ask(), limited.ask()) == (42, 42)

    def test_raises_what_the_question_raised(self) -> None:
        def fail() -> None:
            raise LookupError("none")

        with pytest.raises(LookupError, match="none"):
            TimeLimited(fail, seconds=5).ask()

    def test_gives_up_in_time_and_starts_nothing_more_while_it_hangs(self) -> None:
        released, started = threading.Event(), []

        def hang() -> str:
            started.append(1)
            released.wait(60)
            return "late"

        def answers(limited: TimeLimited[str]) -> bool:
            with suppress(TooSlow):
                return limited.ask() == "late" and len(started) > 1
            return False

        limited = TimeLimited(hang, seconds=0.1)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(TooSlow):
                limited.ask()
            assert time.monotonic() - began < 10, "it did not wait for all of the question"
        assert len(started) == 1

        released.set()
        wait_until(lambda: answers(limited))
        assert len(started) >= 2

    def test_shares_one_answer_among_those_who_ask_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        released, started, answers = threading.Event(), [], []

        def wait() -> int:
            started.append(1)
            released.wait(60)
            return len(started)

        join, waiting = time_limit._Asked.join, []

        def noted_join(asked: Any, timeout: float) -> None:
            waiting.append(asked)
            join(asked, timeout)

        monkeypatch.setattr(time_limit._Asked, "join", noted_join)
        limited = TimeLimited(wait, seconds=60)
        askers = [threading.Thread(target=lambda: answers.append(limited.ask())) for _ in range(4)]
        for asker in askers:
            asker.start()
        wait_until(lambda: len(waiting) == 4)
        released.set()
        for asker in askers:
            asker.join()

        assert answers == [1, 1, 1, 1]
