"""Say why a difference between a provider's report and the ledger may stay."""

from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.payments.domain.identifiers import DifferenceId
from apps.payments.domain.settlements import DifferenceState
from apps.payments.models import SettlementDifference


def settle_difference(
    *, difference_id: DifferenceId, reason: str, cause: Cause, now: datetime
) -> SettlementDifference | None:
    """Close an open difference in somebody's name; None where it is closed already, or there is none.

    Neither the ledger nor the provider hears of it. It stays closed unless it becomes another one.
    """
    with transaction.atomic():
        found = (
            SettlementDifference.objects.select_for_update()
            .filter(id=difference_id, state=DifferenceState.OPEN)
            .first()
        )
        if found is None:
            return None
        found.state, found.closed_at = DifferenceState.SETTLED, now
        found.closed_by, found.reason = cause.actor, reason
        found.save(update_fields=["state", "closed_at", "closed_by", "reason"])
    return found
