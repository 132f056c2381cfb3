"""Celery's door to the event bus."""

from celery import shared_task

from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber
from apps.platform.outbox.watching import work_and_watch


@shared_task(name="outbox.drain", acks_late=False, ignore_result=True)
def drain_subscriber(name: str) -> None:
    """Hand a subscriber what waits for it; a repeated call finds nothing to do."""
    subscriber = find_subscriber(name)
    if subscriber is not None:
        work_and_watch(name, lambda deadline: drain(subscriber, until=deadline))
