"""Celery's door to the making of partitions."""

from celery import shared_task
from django.utils import timezone

from apps.platform.partitions.making import ensure_partitions


@shared_task(name="partitions.ensure", ignore_result=True)
def make_partitions() -> None:
    """Make the partitions of the days and months ahead."""
    ensure_partitions(now=timezone.now())
