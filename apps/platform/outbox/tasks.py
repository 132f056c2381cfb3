"""Celery's door to the event bus."""

from celery import shared_task

from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber
from apps.platform.outbox.wakeups import list_looked_for, wake
from apps.platform.outbox.watching import without_watched, work_and_watch


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
    would mostly be in vain.
    """
    asked_for = list_looked_for(queue)
    wake([name for name in without_watched(asked_for) if asked_for[name]()])
