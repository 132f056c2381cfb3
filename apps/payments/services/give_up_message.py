"""Say that nothing more is to be tried with a message of a provider."""

from datetime import datetime

from django.db import transaction

from apps.payments.models import ANNOUNCES_REPORT, CANNOT_BE_HANDLED, ProviderMessageRecord


def give_up_message(*, message_id: int, now: datetime) -> ProviderMessageRecord | None:
    """Have a message not handled any more, or the report that it announces not asked for any more.

    None where it is neither one that cannot be handled nor of a report, or was given up before. The
    comparison goes on without such a report: what it would have told of is missed from then on, until
    it is read from a file.
    """
    with transaction.atomic():
        message = (
            ProviderMessageRecord.objects.select_for_update()
            .filter(ANNOUNCES_REPORT | CANNOT_BE_HANDLED, id=message_id, given_up_at=None)
            .first()
        )
        if message is not None:
            message.given_up_at = now
            message.handled_at = message.handled_at or now
            message.save(update_fields=["given_up_at", "handled_at"])
    return message
