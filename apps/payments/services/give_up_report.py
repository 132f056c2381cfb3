"""Say that a report which its provider has announced will not come."""

from datetime import datetime

from django.db import transaction

from apps.payments.models import ANNOUNCES_REPORT, ProviderMessageRecord


def give_up_report(*, message_id: int, now: datetime) -> ProviderMessageRecord | None:
    """Have the report of a message not asked for any more; None where there is none, or it was given up.

    The comparison goes on without it: what it would have told of is missed from then on, until it is
    read from a file.
    """
    with transaction.atomic():
        message = (
            ProviderMessageRecord.objects.select_for_update()
            .filter(ANNOUNCES_REPORT, id=message_id, given_up_at=None)
            .first()
        )
        if message is not None:
            message.given_up_at = now
            message.save(update_fields=["given_up_at"])
    return message
