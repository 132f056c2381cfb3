"""Tell the workers that there is work, at most ten times a second for each process.

A wake-up may be lost, late or repeated: the scheduler sends each one again and again anyway, and a
worker that hears nothing looks by itself (`lookout.py`).
"""

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from celery import current_app

from apps.platform.outbox.marks import notice, without_watched

PAUSE_SECONDS = 0.1
LIFETIME_SECONDS = 5
LOOK_SECONDS = 1.0
"""How often the scheduler has each queue looked over."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """A task that looks for work of one kind and finds none when there is none.

    The scheduler sends it every so many seconds, whether somebody asked for it or not. Where it can
    be told cheaply whether anything waits, it is only sent if so (`outbox/tasks.py`).
    """

    name: str
    task: str
    args: tuple[str, ...] = ()
    queue: str
    every_seconds: float = 1.0
    is_waiting: Callable[[], bool] | None = None


_registered: dict[str, WakeUp] = {}


def register_wake_up(wake_up: WakeUp) -> None:
    """Make a wake-up known; called from `apps.py`. Registering it again replaces it."""
    _registered[wake_up.name] = wake_up


def list_wake_ups() -> list[WakeUp]:
    """Give all of them, for the scheduler and for those who look without one."""
    return list(_registered.values())


def list_looked_for(queue: str) -> dict[str, Callable[[], bool]]:
    """Give the work of a queue of which it can be told whether anything waits, and what tells it."""
    return {
        one.name: one.is_waiting
        for one in list_wake_ups()
        if one.queue == queue and one.is_waiting is not None
    }


def send(wake_up: WakeUp) -> None:
    """Put one wake-up on its queue.

    Raises:
        kombu.exceptions.OperationalError: the broker is away.
    """
    current_app.send_task(
        wake_up.task,
        args=wake_up.args,
        queue=wake_up.queue,
        expires=LIFETIME_SECONDS,
        ignore_result=True,
    )


class WakeUps:
    """Gathers the names of what has work and sends them from a thread of its own.

    A request therefore never waits for the broker, and a burst becomes one message.
    """

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Start nothing yet: the thread is made by the first wake-up of a process."""
        self._pause_seconds = pause_seconds
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._pid = 0

    def wake(self, names: Iterable[str]) -> None:
        """Ask for the named work to be done soon; returns at once."""
        unwatched = notice(set(names))
        if not unwatched:
            return
        with self._lock:
            self._names.update(unwatched)
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="wake-ups", daemon=True).start()
        self._awake.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._awake.wait()
            self._awake.clear()
            with self._lock:
                names, self._names = self._names, set()
            try:
                for name in without_watched(names & _registered.keys()):
                    send(_registered[name])
            except Exception as error:
                # The broker is away; what waits is in the database and the scheduler will call.
                log.warning("wake_up_lost", names=sorted(names), error=type(error).__name__)
                pause.wait(1.0)
            pause.wait(self._pause_seconds)


_wake_ups = WakeUps()


def wake(names: Iterable[str]) -> None:
    """Ask for work to be done soon; never blocks and never fails."""
    _wake_ups.wake(names)
