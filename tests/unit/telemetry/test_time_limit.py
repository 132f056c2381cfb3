"""Going on without an answer."""

import threading
import time

import pytest

from apps.platform.telemetry.time_limit import TimeLimited, TooSlow


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
            released.wait(20)
            return "late"

        limited = TimeLimited(hang, seconds=0.1)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(TooSlow):
                limited.ask()
            assert time.monotonic() - began < 1
        assert len(started) == 1

        released.set()
        time.sleep(0.2)
        assert limited.ask() == "late"
        assert len(started) == 2

    def test_shares_one_answer_among_those_who_ask_meanwhile(self) -> None:
        released, started, answers = threading.Event(), [], []

        def wait() -> int:
            started.append(1)
            released.wait(20)
            return len(started)

        limited = TimeLimited(wait, seconds=20)
        askers = [threading.Thread(target=lambda: answers.append(limited.ask())) for _ in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(0.2)
        released.set()
        for asker in askers:
            asker.join()

        assert answers == [1, 1, 1, 1]
