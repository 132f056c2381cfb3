"""Have messages sent soon after a commit."""

from django.db import transaction

from apps.platform.outbox.wakeups import wake

SEND = "notifications.send"
"""The name of the wake-up, and of the task that it starts."""


def wake_sender_on_commit() -> None:
    """Wake a sender once the transaction is committed; losing it loses nothing."""
    transaction.on_commit(lambda: wake({SEND}))
