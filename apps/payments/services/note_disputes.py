"""Take in what providers say of disputes."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.decoding import convert
from apps.kernel.events.payments import PaymentDisputeClosed, PaymentDisputed
from apps.payments.domain.accounts import Account
from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Dispute, Payment, ProviderMessageRecord
from apps.payments.ports import DisputeNews
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_in_name_of_provider
from apps.platform.bulk import lock_many

GOES_ON_TO = {
    None: (DisputeState.OPENED, DisputeState.WON, DisputeState.LOST),
    DisputeState.OPENED: (DisputeState.WON, DisputeState.LOST),
    DisputeState.WON: (DisputeState.LOST,),
    DisputeState.LOST: (),
}
"""Late and repeated news go nowhere. A customer's bank may win after all what it had lost."""
HOLDS = {
    None: Account.PROVIDER,
    DisputeState.OPENED: Account.DISPUTED,
    DisputeState.WON: Account.PROVIDER,
    DisputeState.LOST: Account.CUSTOMER,
}
"""Who has the disputed money in each state."""


def note_disputes(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Bring the disputes that matched messages tell of up to date; what is known already changes nothing.

    The payment keeps its status: whether the order is refunded beside that is for people to decide.
    """
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in messages})}
        changes = Changes(now=now)
        changed: dict[object, Payment] = {}
        for message in sorted(messages, key=lambda one: one.id):
            payment = payments.get(message.payment_id)  # type: ignore[arg-type]  # none has no row
            if payment is None or message.dispute is None:
                continue
            news = convert(message.dispute, DisputeNews)
            if _take_in(payment, message.provider, news, changes):
                payment.updated_at = now
                changed[payment.id] = payment
        changes.write(list(changed.values()))


def _take_in(payment: Payment, provider: str, news: DisputeNews, changes: Changes) -> bool:
    known = Dispute.objects.filter(provider=provider, reference=news.reference).first()
    before = DisputeState(known.state) if known else None
    if news.state not in GOES_ON_TO[before]:
        return False
    dispute = known or Dispute(
        payment=payment,
        provider=provider,
        reference=news.reference,
        amount_minor=news.amount_minor,
        currency=news.currency,
        reason=news.reason[:64],
        opened_at=changes.now,
    )
    dispute.state = news.state
    dispute.decided_at = None if news.state is DisputeState.OPENED else changes.now
    dispute.save()
    cause = cause_in_name_of_provider(payment)
    currency = dispute.currency_of(payment)
    # What it is in the currency that was charged, nobody says: reconciliation shows it to people.
    if HOLDS[before] != HOLDS[news.state] and currency == payment.currency:
        changes.enter(
            payment,
            dispute.amount_minor,
            from_account=HOLDS[before],
            to_account=HOLDS[news.state],
            what=f"Dispute {news.state}",
            actor=cause.actor,
        )
    changes.step(payment, f"Dispute {news.state} ({dispute.reason})", cause)
    changes.publish(payment, _event(payment, dispute, news.state), cause)
    return True


def _event(
    payment: Payment, dispute: Dispute, state: DisputeState
) -> PaymentDisputed | PaymentDisputeClosed:
    if state is DisputeState.OPENED:
        return PaymentDisputed(
            payment_id=payment.id,
            order_id=payment.order_id,
            reference=dispute.reference,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency_of(payment),
            reason=dispute.reason,
        )
    return PaymentDisputeClosed(
        payment_id=payment.id,
        order_id=payment.order_id,
        reference=dispute.reference,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency_of(payment),
        is_won=state is DisputeState.WON,
    )
