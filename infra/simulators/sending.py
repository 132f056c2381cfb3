"""Send a provider's news to their receiver: without order, more than once if asked, until taken."""

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from infra.simulators.faults import Mischief
from infra.simulators.http_client import HttpTarget

News = TypeVar("News")

SENDERS = 16
"""Providers send from many machines at once: were there few, news of a busy minute would come after it."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
MOST_ATTEMPTS = 30


class Sender(Generic[News]):
    """Sends news to one address, each until it is taken."""

    def __init__(
        self,
        url: str,
        *,
        write: Callable[[News], tuple[bytes, Mapping[str, str]]],
        delivered: Callable[[News], None],
        mischief: Mischief,
    ) -> None:
        """Send by POST; `write` gives body and headers, anew for each attempt, `delivered` takes note."""
        self._url = url
        self._mischief = mischief
        self._write = write
        self._delivered = delivered
        self._due: list[tuple[float, int, News, int]] = []
        self._order = itertools.count()
        self._changed = asyncio.Condition()
        self._on_their_way = 0
        self._none_on_its_way = asyncio.Event()
        self._none_on_its_way.set()
        self._forgotten = 0

    async def run(self, waiting: Sequence[News] = ()) -> None:
        """Send for ever, beginning with what waits already."""
        await self.announce(waiting)
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(self._send_for_ever())

    async def announce(self, news: Sequence[News]) -> None:
        """Have news sent soon."""
        for one in news:
            for _ in range(1 + self._mischief.faults.webhook_duplicates):
                self._add(one, attempt=1, pause=self._mischief.webhook_pause())
        async with self._changed:
            self._changed.notify_all()

    async def forget_all(self) -> None:
        """Send nothing of what waits; nothing of it arrives once this returns."""
        self._due.clear()
        self._forgotten += 1
        await self._none_on_its_way.wait()

    def _add(self, one: News, *, attempt: int, pause: float) -> None:
        entry = (time.monotonic() + pause, next(self._order), one, attempt)
        heapq.heappush(self._due, entry)

    async def _send_for_ever(self) -> None:
        target = HttpTarget(self._url)
        while True:
            one, attempt = await self._next()
            forgotten = self._forgotten
            body, headers = self._write(one)
            status = 0
            with suppress(OSError, EOFError, TimeoutError, ValueError):
                status = await target.post(body, headers)
            self._on_their_way -= 1
            if not self._on_their_way:
                self._none_on_its_way.set()
            if forgotten != self._forgotten:
                continue
            if 200 <= status < 300:
                self._delivered(one)
            elif attempt < MOST_ATTEMPTS:
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
                self._add(one, attempt=attempt + 1, pause=pause * random.uniform(0.5, 1))

    async def _next(self) -> tuple[News, int]:
        """Wait for the news that is due first."""
        async with self._changed:
            while True:
                pause = self._due[0][0] - time.monotonic() if self._due else None
                if pause is not None and pause <= 0:
                    _, _, one, attempt = heapq.heappop(self._due)
                    self._on_their_way += 1
                    self._none_on_its_way.clear()
                    return one, attempt
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
