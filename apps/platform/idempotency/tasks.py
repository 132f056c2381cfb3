"""Celery's door to the memory of answers."""

from celery import shared_task
from django.utils import timezone

from apps.platform.idempotency.purging import purge


@shared_task(name="idempotency.purge", ignore_result=True)
def purge_expired() -> None:
    """Forget answers older than a day."""
    purge(now=timezone.now())
