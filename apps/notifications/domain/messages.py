"""The kinds of messages, the channels, and the states of a message."""

from datetime import timedelta
from enum import StrEnum


class MessageKind(StrEnum):
    """What a message tells; its templates have the same name."""

    ORDER_RECEIVED = "order_received"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_OUT_OF_STOCK = "order_out_of_stock"
    ORDER_PAYMENT_FAILED = "order_payment_failed"
    ORDER_CANCELLED = "order_cancelled"
    PAYMENT_ACTION_NEEDED = "payment_action_needed"
    PAYMENT_UNDER_REVIEW = "payment_under_review"
    PAYMENT_REFUNDED = "payment_refunded"


class Channel(StrEnum):
    """How a message reaches the customer."""

    EMAIL = "email"
    SMS = "sms"


class MessageStatus(StrEnum):
    """Where a message stands.

    `waiting`: its recipient is not known yet. `undeliverable`: there is nobody to send it to, or
    the address does not work. `failed`: we could not send it. `unconfirmed`: it may have gone out;
    only a person sends it again.
    """

    QUEUED = "queued"
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERABLE = "undeliverable"
    UNCONFIRMED = "unconfirmed"


OPEN_STATUSES = (MessageStatus.QUEUED, MessageStatus.WAITING, MessageStatus.SENDING)
"""States in which something happens by itself when the time of a message has come."""

RESENDABLE_STATUSES = (
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.UNDELIVERABLE,
    MessageStatus.UNCONFIRMED,
)
"""States in which a person may have a message sent (again)."""

WAIT_FOR_RECIPIENT = timedelta(minutes=10)
"""How long a message waits for its recipient to become known."""
GIVE_UP_AFTER = timedelta(hours=24)
"""How long the sending of a message is tried; later it would only confuse."""

REFUND_ARRIVES_WITHIN_DAYS = 10
"""What customers are told: a rule of thumb, for no bank and no provider promises it."""

_KIND_OF_REASON = {
    "out_of_stock": MessageKind.ORDER_OUT_OF_STOCK,
    "payment_failed": MessageKind.ORDER_PAYMENT_FAILED,
}


def kind_of_cancellation(reason: str) -> MessageKind:
    """Choose the message for a cancelled order; an unknown reason is told as a cancellation."""
    return _KIND_OF_REASON.get(reason, MessageKind.ORDER_CANCELLED)
