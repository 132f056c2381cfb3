"""Keep the replica of whom to write to."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models.functions import Now

from apps.kernel.events.customers import CustomerChanged, CustomerRegistered
from apps.notifications.domain.messages import MessageStatus
from apps.notifications.models import Message
from apps.notifications.services.waking import wake_sender_on_commit
from apps.platform.outbox.delivered import Delivered

_TAKE_OVER = """
INSERT INTO notifications_recipient AS known
    (customer_id, name, email, phone, locale, region, wants_email, wants_sms, event_id)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::boolean[], %s::boolean[], %s::bigint[])
ON CONFLICT (customer_id) DO UPDATE SET
    name = excluded.name, email = excluded.email, phone = excluded.phone,
    locale = excluded.locale, region = excluded.region,
    wants_email = excluded.wants_email, wants_sms = excluded.wants_sms,
    event_id = excluded.event_id
WHERE known.event_id < excluded.event_id
"""

_Profile = Delivered[CustomerRegistered] | Delivered[CustomerChanged]


def take_over_recipients(*, profiles: Sequence[_Profile]) -> None:
    """Take over customers as they are now, in two statements, and free the messages waiting for them.

    Of several facts on one customer the newest counts, also where an older one comes again later.
    """
    newest = {one.event.customer_id: one for one in sorted(profiles, key=lambda one: one.event_id)}
    if not newest:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_OVER, _columns(list(newest.values())))
        freed = Message.objects.filter(customer_id__in=newest, status=MessageStatus.WAITING).update(
            status=MessageStatus.QUEUED, next_at=Now()
        )
        if freed:
            wake_sender_on_commit()


def _columns(profiles: Sequence[_Profile]) -> list[list[object]]:
    events = [one.event for one in profiles]
    return [
        [event.customer_id for event in events],
        [event.name for event in events],
        [event.email for event in events],
        [event.phone for event in events],
        [event.locale for event in events],
        [event.region for event in events],
        [event.wants_email for event in events],
        [event.wants_sms for event in events],
        [one.event_id for one in profiles],
    ]
