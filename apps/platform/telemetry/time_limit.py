"""Ask something that may hang, and go on without the answer when it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

from django.db import connections

Result = TypeVar("Result")


class TooSlow(Exception):
    """No answer in time; the question may still be under way."""


class TimeLimited(Generic[Result]):
    """Runs a question in a thread of its own, one at a time.

    A connection to a database can hang for minutes in spite of its time limits when the network
    swallows packets, so this limit lies outside it. Whoever asks while a question is under way
    shares its answer; while one hangs no other is started, so that threads do not pile up.
    """

    def __init__(self, question: Callable[[], Result], *, seconds: float) -> None:
        """Start nothing yet."""
        self._question = question
        self._seconds = seconds
        self._lock = Lock()
        self._latest: _Asked[Result] | None = None

    def ask(self) -> Result:
        """Answer within the limit.

        Raises:
            TooSlow: not answered in time, or an earlier question still hangs.
            Exception: whatever the question itself raised.
        """
        with self._lock:
            asked = self._latest
            if asked is None or not asked.is_alive():
                asked = self._latest = _Asked(self._question)
                asked.start()
        asked.join(max(0.0, asked.started + self._seconds - time.monotonic()))
        return asked.answer()


class _Asked(Thread, Generic[Result]):
    def __init__(self, question: Callable[[], Result]) -> None:
        super().__init__(name="time-limited", daemon=True)
        self.started = time.monotonic()
        self._question = question
        self._answers: list[Result] = []
        self._failures: list[Exception] = []

    def run(self) -> None:
        try:
            self._answers.append(self._question())
        except Exception as failure:
            self._failures.append(failure)
        finally:
            connections.close_all()

    def answer(self) -> Result:
        if self._failures:
            raise self._failures[0]
        if not self._answers:
            raise TooSlow("No answer in time.")
        return self._answers[0]
