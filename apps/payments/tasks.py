"""Celery's doors to payments."""

from celery import shared_task
from django.utils import timezone

from apps.payments.services.dispatch_operations import dispatch_operations
from apps.payments.services.handle_messages import BATCH, handle_messages

QUEUE = "payments"


@shared_task(name="payments.dispatch", acks_late=False, ignore_result=True)
def dispatch_gate(gate: str) -> None:
    """Carry out what is due at a gate; a repeated call finds nothing to do."""
    dispatch_operations(gate_name=gate)


@shared_task(name="payments.handle_messages", ignore_result=True)
def handle_provider_messages() -> None:
    """Work off the stored webhooks."""
    while handle_messages(now=timezone.now()) == BATCH:
        pass
