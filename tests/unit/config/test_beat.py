"""The scheduler spares those who are awake."""

from typing import Any

import pytest
from celery import Celery
from celery.schedules import schedule

from config import beat


class Remembering(beat.Scheduler):
    """Sends nothing and remembers what it would have sent."""

    def __init__(self) -> None:
        super().__init__(Celery("test"), schedule={}, lazy=True)
        self.sent: list[str] = []

    def apply_async(self, entry: Any, *_: Any, **__: Any) -> Any:
        self.sent.append(entry.name)


class TestScheduler:
    @pytest.mark.parametrize(
        ("unwatched", "sent"), [(["orders.saga"], ["wake orders.saga", "purge"]), ([], ["purge"])]
    )
    def test_passes_over_work_that_somebody_watches(
        self, unwatched: list[str], sent: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(beat, "without_watched", lambda names: unwatched)
        scheduler = Remembering()
        for name in ("wake orders.saga", "purge"):
            entry = scheduler.Entry(
                name=name, task="a.task", schedule=schedule(1.0), app=scheduler.app
            )
            scheduler.apply_entry(entry)
        assert scheduler.sent == sent
