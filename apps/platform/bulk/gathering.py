"""Let one thread do what several ask for at the same moment.

A transaction costs its round trips and its commit whether it writes one row or twenty. Whoever comes
first begins at once, and what others ask for meanwhile is done next, all of it together. In such a
crowd the next one waits for a moment, so that more can come along, longer where the last one took long and
where many came. So alone nothing is slower, and in a crowd each one costs a fraction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from apps.platform.pauses import pause_after

Asked = TypeVar("Asked")
Got = TypeVar("Got")

EVEN_SECONDS = 1 / 300
"""In a crowd the next one waits at most three times as long as the last one took where that was 10 ms (`pauses`)."""
LONGEST_WAIT_SECONDS = 0.07
CROWD = 8
"""Where fewer were done together the longest wait is shorter in proportion: on a slow machine everything
takes long, but with little to do there is nobody to wait for."""

log = structlog.get_logger(__name__)


def company_wait_seconds(took_seconds: float, *, came: int) -> float:
    """Give the seconds to wait in a crowd, after a batch of so many that took so many seconds."""
    longest = LONGEST_WAIT_SECONDS * min(1.0, came / CROWD)
    return pause_after(took_seconds, even=EVEN_SECONDS, shortest=0.0, longest=longest)


class _Request(Generic[Asked, Got]):
    """What one thread asks for. `turn` is set when it is done, or when its thread is to lead."""

    __slots__ = ("asked", "got", "is_done", "turn")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.got: Got | None = None
        self.is_done = False
        self.turn = threading.Event()


class Gathering(Generic[Asked, Got]):
    """Gathers what the threads of this process ask for, and does it in batches, one at a time.

    `do` is given what was asked, in order, and returns as many results. It runs in the thread of one
    of those who ask, on that thread's database connection.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Asked]], Sequence[Got | None]],
        *,
        at_least_seconds: float = 0.0,
    ) -> None:
        """Start nothing: there are no threads of our own.

        What is in no hurry waits `at_least_seconds` for company, alone or not.
        """
        self._do = do
        self._at_least_seconds = at_least_seconds
        self._lock = threading.Lock()
        self._waiting: list[_Request[Asked, Got]] = []
        self._is_led = False
        self._took_seconds = 0.0
        self._came = 0

    def ask(self, asked: Asked) -> Got | None:
        """Have it done, maybe with others; None where that failed, to be tried alone."""
        request: _Request[Asked, Got] = _Request(asked)
        with self._lock:
            self._waiting.append(request)
            has_to_wait = self._is_led
            self._is_led = True
        if has_to_wait:
            request.turn.wait()
        if not request.is_done:
            wait = self._at_least_seconds
            if has_to_wait:
                wait = max(wait, company_wait_seconds(self._took_seconds, came=self._came))
            if wait:
                time.sleep(wait)
            self._lead()
        return request.got

    def _lead(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        began = time.monotonic()
        try:
            results = self._do([request.asked for request in batch])
            for request, result in zip(batch, results, strict=True):
                request.got = result
        except Exception as error:
            log.warning("gathered_work_failed", asked=len(batch), error=type(error).__name__)
            for request in batch:
                request.got = None
        finally:
            self._took_seconds = time.monotonic() - began
            self._came = len(batch)
            with self._lock:
                successor = self._waiting[0] if self._waiting else None
                self._is_led = successor is not None
            if successor is not None:
                successor.turn.set()
            for request in batch:
                request.is_done = True
                request.turn.set()
