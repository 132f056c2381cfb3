"""Have messages sent soon after a commit."""

from django.db import transaction
from django.db.models.functions import Now

from apps.notifications.domain.messages import OPEN_STATUSES
from apps.notifications.models import Message
from apps.platform.outbox.wakeups import wake

SEND = "notifications.send"
"""The name of the wake-up, and of the task that it starts."""


def wake_sender_on_commit() -> None:
    """Wake a sender once the transaction is committed; losing it loses nothing."""
    transaction.on_commit(lambda: wake({SEND}))


def is_message_due() -> bool:
    """Tell whether a message is to be sent, or was left behind by a sender that died."""
    return Message.objects.filter(status__in=OPEN_STATUSES, next_at__lte=Now()).exists()
