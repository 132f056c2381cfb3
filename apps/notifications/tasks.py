"""Celery's door to notifications."""

import time

from celery import shared_task

from apps.notifications.services.send_messages import send_messages
from apps.notifications.services.waking import SEND
from apps.platform.outbox.watching import work_and_watch


@shared_task(name=SEND, acks_late=False, ignore_result=True)
def send_due_messages() -> None:
    """Send what is due; a repeated call finds nothing to do."""
    work_and_watch(SEND, lambda deadline: send_messages(seconds=deadline - time.monotonic()))
