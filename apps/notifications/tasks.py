"""Celery's door to notifications."""

from celery import shared_task

from apps.notifications.services.send_messages import send_messages
from apps.notifications.services.waking import SEND


@shared_task(name=SEND, acks_late=False, ignore_result=True)
def send_due_messages() -> None:
    """Send what is due; a repeated call finds nothing to do."""
    send_messages()
