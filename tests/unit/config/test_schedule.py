"""What the scheduler sends."""

from typing import Any

import pytest
from celery import Celery

from apps.platform.outbox.wakeups import LIFETIME_SECONDS, list_wake_ups
from config.celery import schedule


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    """What a scheduler is told to send."""
    app = Celery("test", set_as_current=False)
    schedule(app)
    return list(app.conf.beat_schedule.values())


class TestSchedule:
    def test_has_one_look_a_second_for_all_work_of_a_queue(
        self, sent: list[dict[str, Any]]
    ) -> None:
        looks = [entry for entry in sent if entry["task"] == "outbox.look"]
        assert sorted((one["args"], one["options"]["queue"]) for one in looks) == [
            ((queue,), queue) for queue in ("inventory", "notifications", "orders", "payments")
        ]
        assert {one["schedule"] for one in looks} == {1.0}
        assert {one["options"]["expires"] for one in looks} == {LIFETIME_SECONDS}

    def test_sends_everything_else_at_its_own_pace(self, sent: list[dict[str, Any]]) -> None:
        rest = {one["task"]: one["schedule"] for one in sent if one["task"] != "outbox.look"}
        assert rest == {
            one.task: one.every_seconds for one in list_wake_ups() if one.is_waiting is None
        }
        assert "idempotency.purge" in rest
