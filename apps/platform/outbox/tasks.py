"""Celery's door to the event bus."""

from celery import shared_task

from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber


@shared_task(name="outbox.drain", acks_late=False, ignore_result=True)
def drain_subscriber(name: str) -> None:
    """Hand a subscriber what waits for it; a repeated call finds nothing to do."""
    subscriber = find_subscriber(name)
    if subscriber is not None:
        drain(subscriber)
