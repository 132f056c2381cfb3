"""Take in what providers say of disputes."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from apps.kernel.decoding import convert
from apps.kernel.identifiers import PaymentId
from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Dispute, Payment, ProviderMessageRecord
from apps.payments.ports import DisputeNews
from apps.payments.services.changes import Changes
from apps.payments.services.dispute_rules import give_back_what_waited, move_on, new_dispute
from apps.payments.services.operations import cause_in_name_of_provider
from apps.platform.bulk import lock_many

log = structlog.get_logger(__name__)


def note_disputes(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Bring the disputes that matched messages tell of up to date; what is known already changes nothing.

    The payment keeps its status. Nothing that is disputed goes back: what is to go back of it waits, goes
    back once the dispute is won, and is not owed any more once it is lost. That one was won which a
    person had called lost is written into the history, and changes nothing else.
    """
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in messages})}
        changes = Changes(now=now)
        changed: dict[PaymentId, Payment] = {}
        waited: set[PaymentId] = set()
        noted: set[str] = set()
        for message in sorted(messages, key=lambda one: one.id):
            payment = payments.get(message.payment_id)  # type: ignore[arg-type]  # none has no row
            if payment is None or message.dispute is None:
                continue
            news = convert(message.dispute, DisputeNews)
            known = Dispute.objects.filter(provider=payment.provider, reference=news.reference)
            dispute = known.first() or new_dispute(payment, news, changes)
            cause = cause_in_name_of_provider(payment)
            if move_on(dispute, payment, news.state, changes, cause):
                changed[payment.id] = payment
                waited |= {payment.id} if news.state is DisputeState.WON else set()
            elif dispute.is_by_hand and (dispute.state, news.state) == ("lost", "won"):
                said = f"The provider says that dispute {dispute.reference} was won"
                # A provider may say it by more than one message.
                if said in noted or payment.history.filter(what=said).exists():
                    continue
                noted.add(said)
                payment.updated_at = now
                changes.step(payment, said, cause)
                log.warning(
                    "decided_dispute_contradicted",
                    dispute_id=str(dispute.id),
                    payment_id=str(payment.id),
                    order_id=str(payment.order_id),
                )
                changed[payment.id] = payment
        for payment_id in waited:
            payment = changed[payment_id]
            give_back_what_waited(payment, changes, cause_in_name_of_provider(payment))
        changes.write(list(changed.values()))
