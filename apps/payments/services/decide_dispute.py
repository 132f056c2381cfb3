"""Say how a dispute ended that its provider tells nothing more of."""

from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import DisputeId
from apps.payments.models import Dispute, Payment
from apps.payments.services.changes import Changes
from apps.payments.services.dispute_rules import give_back_what_waited, move_on
from apps.platform.bulk import lock_many


def decide_dispute(
    *, dispute_id: DisputeId, is_won: bool, cause: Cause, now: datetime
) -> Dispute | None:
    """Record that an open dispute was won, or lost; None where it is decided already, or unknown.

    Payment, ledger and order go on as if the provider had said it; see `note_disputes` for what it says
    afterwards. Doing it again changes nothing.
    """
    with transaction.atomic():
        names = Dispute.objects.filter(id=dispute_id)
        payments = lock_many(Payment, names.values_list("payment_id", flat=True))
        dispute = names.filter(state=DisputeState.OPENED).first()
        if dispute is None:
            return None
        (payment,) = payments
        changes = Changes(now=now)
        state = DisputeState.WON if is_won else DisputeState.LOST
        move_on(dispute, payment, state, changes, cause, is_by_hand=True)
        if is_won:
            give_back_what_waited(payment, changes, cause)
        changes.write([payment])
    return dispute
