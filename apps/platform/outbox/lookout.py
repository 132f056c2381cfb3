"""Look for work without being told: what a process does while no broker brings it wake-ups."""

import threading
import time
from collections.abc import Callable, Collection

import structlog
from celery import current_app
from django.db import close_old_connections, connections

from apps.platform.outbox.wakeups import WakeUp

SILENCE_SECONDS = 2.0
"""Wake-ups come every second: after this long without any, nobody sends them."""
PAUSE_SECONDS = 0.2

log = structlog.get_logger(__name__)


class Lookout:
    """Does the work of wake-ups again and again, each in a thread of its own, for as long as needed.

    Doing it beside other processes, or needlessly, costs a look and changes nothing.
    """

    def __init__(
        self, wake_ups: Collection[WakeUp], *, is_needed: Callable[[], bool] = lambda: True
    ) -> None:
        """Start nothing yet; `is_needed` is asked before every look."""
        self._wake_ups = wake_ups
        self._is_needed = is_needed
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin. The threads end with the process."""
        # A process that is no worker has not looked where tasks are defined.
        current_app.loader.import_default_modules()
        for wake_up in self._wake_ups:
            threading.Thread(
                target=self._look_for, args=(wake_up,), name=f"lookout {wake_up.name}", daemon=True
            ).start()

    def stop(self) -> None:
        """Begin no further look."""
        self._stopped.set()

    def _look_for(self, wake_up: WakeUp) -> None:
        # What is looked for every second may follow itself closely: an idle look is cheap.
        pause = PAUSE_SECONDS if wake_up.every_seconds <= 1 else wake_up.every_seconds
        while not self._stopped.wait(pause):
            if not self._is_needed():
                connections.close_all()
                continue
            close_old_connections()
            try:
                current_app.tasks[wake_up.task].run(*wake_up.args)
            except Exception:
                log.exception("lookout_failed", name=wake_up.name)


class Silence:
    """Notices that nothing has been heard for a while. Safe for threads."""

    def __init__(self) -> None:
        """Begin to listen."""
        self._heard_at = time.monotonic()

    def end(self) -> None:
        """Note that something was heard."""
        self._heard_at = time.monotonic()

    def is_long(self) -> bool:
        """Tell whether nothing was heard for longer than wake-ups ever stay away."""
        return time.monotonic() - self._heard_at > SILENCE_SECONDS
