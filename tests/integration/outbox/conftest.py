"""A subscriber made for the test, hearing a real event type."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction

from apps.kernel.events.orders import OrderHeld
from apps.kernel.identifiers import OrderId
from apps.platform.outbox import registry
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.lanes import ensure_lanes
from apps.platform.outbox.publishing import Fact, publish
from tests.conftest import make_cause

NAME = "test.listener"


@dataclass
class Listener:
    """Keeps what it heard; `fails` decides which events raise."""

    heard: list[tuple[uuid.UUID, str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    fails: Callable[[OrderHeld], bool] = lambda event: False
    subscriber: registry.Subscriber | None = None

    def handle(self, batch: Sequence[Delivered[Any]]) -> None:
        """Hear a batch."""
        for one in batch:
            if self.fails(one.event):
                raise RuntimeError(f"cannot hear {one.event.reason}")
        self.batches.append(len(batch))
        self.heard += [(one.key, one.event.reason) for one in batch]


@pytest.fixture
def listener(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Register a subscriber to OrderHeld for the length of a test."""
    one = Listener()
    one.subscriber = registry.Subscriber(
        name=NAME, queue="test", handlers={OrderHeld: one.handle}, replayable=True
    )
    monkeypatch.setitem(registry._subscribers, NAME, one.subscriber)
    ensure_lanes(NAME)
    return one


def say(key: uuid.UUID, *reasons: str) -> None:
    """Publish one event for each reason in the story of a key, in a transaction of its own."""
    with transaction.atomic():
        publish(
            [
                Fact(
                    event=OrderHeld(order_id=OrderId(key), reason=reason),
                    seq=seq,
                    cause=make_cause(),
                )
                for seq, reason in enumerate(reasons, start=1)
            ]
        )
