"""What is read from notifications."""

from uuid import UUID

from apps.notifications.models import Message


def list_messages(*, order_id: UUID) -> list[Message]:
    """Give the messages about an order, the oldest first."""
    return list(Message.objects.filter(order_id=order_id).order_by("id"))
