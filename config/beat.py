"""The scheduler: Celery's own, which lets workers that are awake work."""

from typing import Any

from celery.beat import PersistentScheduler

from apps.platform.outbox.watching import without_watched
from config.celery import WAKE


class Scheduler(PersistentScheduler):
    """Passes over a wake-up while somebody watches the work that it is for."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send what is due."""
        name = entry.name.removeprefix(WAKE)
        if name == entry.name or without_watched([name]):
            super().apply_entry(entry, producer)
