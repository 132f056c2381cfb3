"""What is read from notifications."""

from apps.kernel.identifiers import OrderId
from apps.notifications.models import Message


def list_messages(*, order_id: OrderId) -> list[Message]:
    """Give the messages about an order, the oldest first."""
    return list(Message.objects.filter(order_id=order_id).order_by("id"))
