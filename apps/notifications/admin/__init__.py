"""Notifications for customer service: what customers were told, and what is known for telling them."""

from apps.notifications.admin.known_orders import KnownOrderAdmin

# Its panel on the order's page is there by the same import.
from apps.notifications.admin.messages import MessageAdmin, RecipientAdmin, messages_panel

__all__ = ["KnownOrderAdmin", "MessageAdmin", "RecipientAdmin", "messages_panel"]
