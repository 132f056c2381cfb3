"""What it means for a payment that a dispute is opened, won or lost, whoever says so."""

from apps.kernel.cause import Cause
from apps.kernel.events.payments import PaymentDisputeClosed, PaymentDisputed
from apps.payments.domain.accounts import Account
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.news import insist_on_amount
from apps.payments.models import Dispute, Payment
from apps.payments.ports import DisputeNews
from apps.payments.services.changes import Changes

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


def new_dispute(payment: Payment, news: DisputeNews, changes: Changes) -> Dispute:
    """Give the row of a dispute that nobody has heard of; `move_on` stores it.

    Raises:
        NoSuchAmount: nobody can have disputed that much, or so little.
    """
    insist_on_amount(news.amount_minor)
    return Dispute(
        payment=payment,
        provider=payment.provider,
        reference=news.reference,
        amount_minor=news.amount_minor,
        currency=news.currency,
        reason=news.reason[:64],
        is_reversal=news.is_reversal,
        opened_at=changes.now,
    )


def move_on(
    dispute: Dispute,
    payment: Payment,
    state: DisputeState,
    changes: Changes,
    cause: Cause,
    *,
    is_by_hand: bool = False,
) -> bool:
    """Bring a dispute of a locked payment to a state, with ledger, history and event.

    False, and nothing changed, where it does not go on to that; a dispute without a state is new.
    """
    before = DisputeState(dispute.state) if dispute.state else None
    if state not in GOES_ON_TO[before]:
        return False
    dispute.state = state
    dispute.decided_at = None if state is DisputeState.OPENED else changes.now
    dispute.is_by_hand = is_by_hand
    dispute.save()
    withhold(payment)
    payment.updated_at = changes.now
    # What it is in the currency that was charged, nobody says: reconciliation shows it to people.
    if HOLDS[before] != HOLDS[state] and dispute.currency_of(payment) == payment.currency:
        changes.enter(
            payment,
            dispute.amount_minor,
            from_account=HOLDS[before],
            to_account=HOLDS[state],
            what=f"Dispute {state}",
            actor=cause.actor,
        )
    said = ", said by hand" if is_by_hand else ""
    changes.step(payment, f"Dispute {state} ({dispute.reason}){said}", cause)
    changes.publish(payment, _event(payment, dispute, state), cause)
    return True


def step_once(payment: Payment, what: str, changes: Changes, cause: Cause) -> bool:
    """Note a row of the history unless it is there: a provider may say a thing by more than one message."""
    is_noted = any(one.payment_id == payment.id and one.what == what for one in changes.steps)
    if is_noted or payment.history.filter(what=what).exists():
        return False
    payment.updated_at = changes.now
    changes.step(payment, what, cause)
    return True


def give_back_what_waited(payment: Payment, changes: Changes, cause: Cause) -> None:
    """Have made what waited for a dispute that is won now; nothing where nothing did."""
    if payment.to_refund_minor:
        # It may have been given back at the provider's own desk meanwhile.
        changes.undo(payment, cause, looks_first=True)


def withhold(payment: Payment) -> None:
    """Keep what is disputed from going back until it is decided, and count what is lost.

    Of a dispute in another currency nobody says how much of the charge it is: then all of the payment is
    kept, whatever of it is charged by now or will be, and once it is lost a person has to say how much is
    still owed.
    """
    payment.disputed_minor = payment.lost_minor = 0
    for dispute in Dispute.objects.filter(payment=payment):
        is_known = dispute.currency_of(payment) == payment.currency
        amount = dispute.amount_minor if is_known else payment.amount_minor
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
        is_unwanted=payment.is_unwanted,
    )
