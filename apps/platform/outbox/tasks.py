"""Celery's door to the event bus."""

from collections.abc import Callable

import structlog
from celery import shared_task

from apps.platform.outbox.draining import drain
from apps.platform.outbox.marks import without_watched
from apps.platform.outbox.registry import find_subscriber
from apps.platform.outbox.wakeups import list_looked_for, wake
from apps.platform.outbox.watching import work_and_watch

log = structlog.get_logger(__name__)


@shared_task(name="outbox.drain", acks_late=False, ignore_result=True)
def drain_subscriber(name: str) -> None:
    """Hand a subscriber what waits for it; a repeated call finds nothing to do."""
    subscriber = find_subscriber(name)
    if subscriber is not None:
        work_and_watch(name, lambda deadline: drain(subscriber, until=deadline))


@shared_task(name="outbox.look", acks_late=False, ignore_result=True)
def look(queue: str) -> None:
    """Wake workers of a queue for what waits and nobody watches; a repeated call wakes nobody twice.

    One message a second for all the work of a queue costs less than one for each kind of it, which
    would mostly be in vain. Work that cannot be asked for counts as waiting: it says better itself
    what is wrong, and the rest of the queue goes on.
    """
    asked_for = list_looked_for(queue)
    wake([name for name in without_watched(asked_for) if _may_wait(name, asked_for[name])])


def _may_wait(name: str, is_waiting: Callable[[], bool]) -> bool:
    try:
        return is_waiting()
    except Exception:
        log.exception("look_failed", name=name)
        return True
