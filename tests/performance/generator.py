"""The load generator: a process of its own that places orders when they are due, come what may.

It is an open loop: arrivals follow a schedule and never wait for answers, and a placement's time
runs from its scheduled instant. Where the platform is slow, placements queue up here and their wait
counts. Run as `python -m tests.performance.generator REPORT`; the load comes as JSON on standard
input, a line of counts goes to standard output every second, the report to the file named.
"""

import asyncio
import contextlib
import gc
import json
import sys
import time
from collections import deque
from pathlib import Path

import msgspec

from tests.performance.connection import Connection
from tests.performance.figures import percentile
from tests.performance.load import Answer, Load, LoadReport, arrivals, requests

PATIENCE_SECONDS = 30.0
"""How long after the last arrival answers are waited for."""
RECONNECT_SECONDS = 0.1
LEAD_SECONDS = 0.2
CONNECT_SECONDS = 10.0


class Generator:
    """Works off one load, once."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._schedule = arrivals(load.phases, seed=load.seed)
        self._requests = requests(load, len(self._schedule))
        self._answered = [0.0] * len(self._schedule)
        self._statuses = [0] * len(self._schedule)
        self._ids = [""] * len(self._schedule)
        self._late: list[float] = []
        self._next = 0
        self._answers = 0
        self._accepted = 0
        self._idle: deque[Connection] = deque()
        self._due: deque[int] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False
        self._start = 0.0

    async def run(self) -> LoadReport:
        """Place every order and wait for the answers.

        Raises:
            ConnectionError: not even one connection could be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        for _ in range(self._load.connections):
            self._open()
        await self._connected()
        gc.collect()
        gc.freeze()
        gc.disable()
        cpu = time.process_time()
        self._start = self._loop.time() + LEAD_SECONDS
        wall = time.time() + LEAD_SECONDS
        self._loop.call_at(self._start, self._tick)
        telling = self._loop.create_task(self._tell())
        with contextlib.suppress(TimeoutError):
            limit = LEAD_SECONDS + self._schedule[-1] + PATIENCE_SECONDS
            await asyncio.wait_for(self._done.wait(), limit)
        self._is_over = True
        cpu = time.process_time() - cpu
        telling.cancel()
        for connection in self._idle:
            connection.close()
        return LoadReport(
            started_at=wall, answers=self._report(wall), cpu_seconds=cpu, late_ms=self._late_ms()
        )

    def _tick(self) -> None:
        """Send all that is due, and come back for the next one."""
        now = self._loop.time() - self._start
        schedule = self._schedule
        while self._next < len(schedule) and schedule[self._next] <= now:
            self._late.append(now - schedule[self._next])
            self._due.append(self._next)
            self._next += 1
        self._send_due()
        if self._next < len(schedule):
            self._loop.call_at(self._start + schedule[self._next], self._tick)

    def _send_due(self) -> None:
        # The connection that rested longest comes first, so that all of the server's processes
        # get their share.
        while self._due and self._idle:
            connection = self._idle.popleft()
            if connection.is_open:
                number = self._due.popleft()
                connection.send(number, self._requests[number])

    def _answer(self, number: int, status: int, order_id: str) -> None:
        self._answered[number] = self._loop.time() - self._start
        self._statuses[number] = status
        self._ids[number] = order_id
        self._answers += 1
        self._accepted += status == 202
        if self._answers == len(self._schedule):
            self._done.set()

    def _rest(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._due:
            self._send_due()

    def _lose(self, connection: Connection) -> None:
        if not self._is_over:
            self._open()

    def _open(self) -> None:
        task = self._loop.create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        while not self._is_over:
            with contextlib.suppress(OSError):
                await self._loop.create_connection(
                    lambda: Connection(
                        on_answer=self._answer, on_idle=self._rest, on_lost=self._lose
                    ),
                    self._load.host,
                    self._load.port,
                )
                return
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _connected(self) -> None:
        deadline = self._loop.time() + CONNECT_SECONDS
        while len(self._idle) < self._load.connections and self._loop.time() < deadline:
            await asyncio.sleep(0.01)
        if not self._idle:
            raise ConnectionError(f"{self._load.host}:{self._load.port} takes no connections")

    async def _tell(self) -> None:
        while True:
            counts = [self._next, self._answers, self._accepted]
            sys.stdout.write(json.dumps(counts) + "\n")
            sys.stdout.flush()
            await asyncio.sleep(1.0)

    def _report(self, wall: float) -> list[Answer]:
        return [
            Answer(wall + scheduled, wall + answered if status else 0.0, status, order_id)
            for scheduled, answered, status, order_id in zip(
                self._schedule, self._answered, self._statuses, self._ids, strict=True
            )
        ]

    def _late_ms(self) -> float:
        return round(1000 * (percentile(self._late, 99) or 0.0), 2)


def main() -> None:
    """Read the load, place it, write the report."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    report = asyncio.run(Generator(load).run())
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
