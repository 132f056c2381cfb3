"""Take in what providers say of disputes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

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

    The payment keeps its status. Nothing that is disputed goes back: what is to go back of it waits, goes
    back once the dispute is won, and is not owed any more once it is lost.
    """
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in messages})}
        changes = Changes(now=now)
        changed: dict[UUID, Payment] = {}
        waited: set[UUID] = set()
        for message in sorted(messages, key=lambda one: one.id):
            payment = payments.get(message.payment_id)  # type: ignore[arg-type]  # none has no row
            if payment is None or message.dispute is None:
                continue
            news = convert(message.dispute, DisputeNews)
            if _take_in(payment, message.provider, news, changes):
                payment.updated_at = now
                changed[payment.id] = payment
                waited |= {payment.id} if news.state is DisputeState.WON else set()
        for payment_id in waited:
            payment = changed[payment_id]
            if payment.to_refund_minor:
                # It may have been given back at the provider's own desk meanwhile.
                changes.undo(payment, cause_in_name_of_provider(payment), looks_first=True)
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
    _withhold(payment)
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


def _withhold(payment: Payment) -> None:
    """Keep what is disputed from going back until it is decided, and count what is lost.

    Of a dispute in another currency nobody says how much of the charge it is: then all of it is kept,
    and once it is lost a person has to say how much is still owed.
    """
    payment.disputed_minor = payment.lost_minor = 0
    for dispute in Dispute.objects.filter(payment=payment):
        is_known = dispute.currency_of(payment) == payment.currency
        amount = dispute.amount_minor if is_known else payment.captured_minor
        if dispute.state == DisputeState.LOST and is_known:
            payment.lost_minor += amount
        elif dispute.state in (DisputeState.OPENED, DisputeState.LOST):
            payment.disputed_minor += amount


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
        refunded_minor=payment.refunded_minor,
        lost_minor=payment.lost_minor,
    )
