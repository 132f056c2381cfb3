"""Celery's doors to inventory."""

from celery import shared_task
from django.utils import timezone

from apps.inventory.services.expire_reservations import BATCH, expire_reservations


@shared_task(name="inventory.expire_reservations", ignore_result=True)
def expire_due_reservations() -> None:
    """End what is due, batch by batch."""
    while expire_reservations(now=timezone.now()) == BATCH:
        pass
