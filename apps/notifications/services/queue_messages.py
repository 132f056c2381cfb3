"""Note what customers are to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction

from apps.kernel.identifiers import CustomerId, OrderId, new_id
from apps.notifications.domain.contents import Told
from apps.notifications.domain.messages import Channel, MessageKind, MessageStatus
from apps.notifications.models import Message
from apps.notifications.services.waking import wake_sender_on_commit
from apps.platform.bulk import insert_missing, new_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One thing to tell one customer because of one event."""

    event_id: int
    order_id: OrderId
    customer_id: CustomerId
    kind: MessageKind
    told: Told


def queue_messages(*, tellings: Sequence[Telling], now: datetime) -> None:
    """Store a message for each, in one statement; they are sent after the commit.

    An event that was told of before, over the same channel, is not told of again.
    """
    if not tellings:
        return
    with transaction.atomic():
        insert_missing(
            [
                new_row(
                    Message,
                    id=new_id(),
                    event_id=telling.event_id,
                    order_id=telling.order_id,
                    customer_id=telling.customer_id,
                    kind=telling.kind,
                    channel=Channel.EMAIL,
                    status=MessageStatus.QUEUED,
                    context=msgspec.to_builtins(telling.told),
                    created_at=now,
                    queued_at=now,
                    next_at=now,
                )
                for telling in tellings
            ]
        )
        wake_sender_on_commit()
