"""Who hears what. Contexts register in their `apps.py`; the registry is complete once Django is up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps.kernel.events import Event
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.waiting import is_waiting
from apps.platform.outbox.wakeups import WakeUp, register_wake_up

Handler = Callable[[Sequence[Delivered[Any]]], None]
Handlers = Mapping[type[Event], Handler]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A part of a context that reacts to events, each story in order.

    `queue` is the Celery queue whose workers do the work. A `replayable` subscriber touches nothing
    outside our database, so old events may be handed to it again.
    """

    name: str
    queue: str
    handlers: Handlers
    replayable: bool


_subscribers: dict[str, Subscriber] = {}
_in_transaction: dict[type[Event], list[Handler]] = {}


def subscribe(*, name: str, queue: str, handlers: Handlers, replayable: bool = False) -> None:
    """Register an asynchronous subscriber; workers hand it its events after the commit.

    Raises:
        ValueError: the name is taken by another registration.
    """
    if name in _subscribers:
        raise ValueError(f"Subscriber {name!r} is registered twice")
    _subscribers[name] = Subscriber(
        name=name, queue=queue, handlers=dict(handlers), replayable=replayable
    )
    register_wake_up(
        WakeUp(
            name=name,
            task="outbox.drain",
            args=(name,),
            queue=queue,
            is_waiting=partial(is_waiting, name),
        )
    )


def subscribe_in_transaction(handlers: Handlers) -> None:
    """Register handlers that run inside the publisher's transaction and fail it when they fail."""
    for event_type, handler in handlers.items():
        _in_transaction.setdefault(event_type, []).append(handler)


def find_subscriber(name: str) -> Subscriber | None:
    """Look a subscriber up by name."""
    return _subscribers.get(name)


def list_subscribers() -> list[Subscriber]:
    """Give all asynchronous subscribers, by name."""
    return [_subscribers[name] for name in sorted(_subscribers)]


def subscribers_of(event_type: type[Event]) -> list[Subscriber]:
    """Give the asynchronous subscribers that hear an event type."""
    return [one for one in list_subscribers() if event_type in one.handlers]


def handlers_in_transaction(event_type: type[Event]) -> Sequence[Handler]:
    """Give the handlers that run inside the publisher's transaction."""
    return _in_transaction.get(event_type, ())
