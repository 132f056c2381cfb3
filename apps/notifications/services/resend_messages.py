"""Have messages sent again because a person wants it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from apps.kernel.cause import Cause
from apps.notifications.domain.identifiers import MessageId
from apps.notifications.domain.messages import RESENDABLE_STATUSES, MessageStatus
from apps.notifications.models import Message
from apps.notifications.services.waking import wake_sender_on_commit
from apps.platform.audit.recording import Deed, record_all


def resend_messages(
    *, message_ids: Collection[MessageId], reason: str, cause: Cause, now: datetime
) -> int:
    """Queue messages that were sent, failed or are unconfirmed, and note it in the audit log.

    They go to where their customer is reached now, in the language of now. Those that are on their
    way already are left alone, so asking twice sends once. Returns how many were queued.
    """
    with transaction.atomic():
        messages = list(
            Message.objects.filter(id__in=message_ids, status__in=RESENDABLE_STATUSES)
            .order_by("id")
            .select_for_update()
        )
        record_all(
            [
                Deed(
                    actor=cause.actor,
                    action="notifications.resend",
                    subject_type="message",
                    subject_id=message.id,
                    reason=reason,
                    changes={"status": [message.status, MessageStatus.QUEUED.value]},
                    correlation_id=cause.correlation_id,
                )
                for message in messages
            ],
            now=now,
        )
        Message.objects.filter(id__in=[message.id for message in messages]).update(
            status=MessageStatus.QUEUED, queued_at=Now(), next_at=Now(), problem=""
        )
        wake_sender_on_commit()
    return len(messages)
