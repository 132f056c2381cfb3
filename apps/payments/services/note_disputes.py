"""Take in what providers say of disputes."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.decoding import convert
from apps.kernel.identifiers import PaymentId
from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Payment, ProviderMessageRecord
from apps.payments.ports import DisputeNews
from apps.payments.services.changes import Changes
from apps.payments.services.dispute_rules import give_back_what_waited, move_on, step_once
from apps.payments.services.operations import causes_in_name_of_providers
from apps.payments.services.reversal_rules import (
    dispute_told_of,
    has_lost_by_hand,
    note_reversal,
)
from apps.platform.bulk import lock_many

log = structlog.get_logger(__name__)


def note_disputes(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Bring the disputes that matched messages tell of up to date; what is known already changes nothing.

    The payment keeps its status. Nothing that is disputed goes back: what is to go back of it waits, goes
    back once the dispute is won, and is not owed any more once it is lost. That one was won which a
    person had called lost is written into the history, and changes nothing else. What a bank took back
    without a dispute counts as one, until a dispute tells of it.
    """
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in messages})}
        causes = causes_in_name_of_providers(messages)
        changes = Changes(now=now)
        waited: dict[PaymentId, Cause] = {}
        for message in sorted(messages, key=lambda one: one.id):
            payment = payments.get(message.payment_id)  # type: ignore[arg-type]  # none has no row
            if payment is None or message.dispute is None:
                continue
            news = convert(message.dispute, DisputeNews)
            cause = causes[message.id]
            if news.is_reversal:
                note_reversal(payment, news, changes, cause)
                continue
            dispute = dispute_told_of(payment, news, changes, cause)
            moved = move_on(dispute, payment, news.state, changes, cause)
            if news.state is not DisputeState.WON:
                continue
            if moved:
                waited[payment.id] = cause
            if has_lost_by_hand(dispute, payment) or (
                dispute.is_by_hand and dispute.state == "lost"
            ):
                said = f"The provider says that dispute {dispute.reference} was won"
                if step_once(payment, said, changes, cause):
                    log.warning(
                        "decided_dispute_contradicted",
                        dispute_id=str(dispute.id),
                        payment_id=str(payment.id),
                        order_id=str(payment.order_id),
                    )
        for payment_id, cause in waited.items():
            give_back_what_waited(payments[payment_id], changes, cause)
        # Whatever changes a payment here is a step of its history.
        changed = {one.payment_id for one in changes.steps}
        changes.write([one for one in payments.values() if one.id in changed])
