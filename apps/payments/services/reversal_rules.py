"""What it means for a payment that its customer's bank took the charge back, with a dispute or without.

Until the provider tells of a dispute, a reversal stands where one would: the bank has the money, and
nobody has said that it keeps it. It is never counted beside the dispute that it was made for.
"""

from apps.kernel.cause import Cause
from apps.kernel.money import Money
from apps.payments.domain.accounts import Account
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.news import insist_on_amount
from apps.payments.models import Dispute, Payment
from apps.payments.ports import DisputeNews
from apps.payments.services.changes import Changes
from apps.payments.services.dispute_rules import (
    GOES_ON_TO,
    HOLDS,
    move_on,
    new_dispute,
    step_once,
)


def note_reversal(payment: Payment, news: DisputeNews, changes: Changes, cause: Cause) -> None:
    """Open a reversal of a locked payment, of no more than what is left of the charge.

    It is a step of the history and moves nothing where a dispute tells of the money: one that holds it,
    or that was won since the bank took it. That nothing is left is such a step, too.

    Raises:
        NoSuchAmount: no bank can have taken that much, or so little.
    """
    insist_on_amount(news.amount_minor)
    disputes = list(Dispute.objects.filter(payment=payment))
    if any(one.reference == news.reference for one in disputes):
        return
    amount = Money(news.amount_minor, news.currency or payment.currency)
    said = f"The customer's bank took {amount} back ({news.reference})"
    told_by = next((one for one in disputes if _tells_of(one, news)), None)
    left = payment.captured_minor - payment.refunded_minor
    if told_by is not None:
        step_once(payment, f"{said}: part of dispute {told_by.reference}", changes, cause)
    elif left <= 0:
        step_once(payment, f"{said}, of which nothing is left here", changes, cause)
    else:
        reversal = new_dispute(payment, news, changes)
        if amount.currency == payment.currency:
            # A provider may name the whole charge, of which something was refunded before.
            reversal.amount_minor = min(amount.amount_minor, left)
        move_on(reversal, payment, news.state, changes, cause)


def dispute_told_of(payment: Payment, news: DisputeNews, changes: Changes, cause: Cause) -> Dispute:
    """Give the row of a dispute, known or new; what was counted as a reversal until now is counted by it.

    Of a reversal that a person has called lost, the dispute takes over that it is lost.

    Raises:
        NoSuchAmount: nobody can have disputed that much, or so little.
    """
    known = Dispute.objects.filter(provider=payment.provider, reference=news.reference).first()
    reversal = (
        Dispute.objects.filter(payment=payment, is_reversal=True)
        .exclude(state=DisputeState.WON)
        .first()
    )
    if known is not None and news.state not in GOES_ON_TO[DisputeState(known.state)]:
        return known
    if reversal is None:
        return known or new_dispute(payment, news, changes)
    payment.updated_at = changes.now
    changes.step(payment, f"Reversal {reversal.reference} is dispute {news.reference}", cause)
    if reversal.state == DisputeState.LOST and news.state is not DisputeState.LOST:
        reversal.reference, reversal.reason = news.reference, news.reason[:64]
        reversal.is_reversal = False
        reversal.save()
        return reversal
    if reversal.currency_of(payment) == payment.currency:
        changes.enter(
            payment,
            reversal.amount_minor,
            from_account=HOLDS[DisputeState(reversal.state)],
            to_account=Account.PROVIDER,
            what="Reversal disputed",
            actor=cause.actor,
        )
    dispute = known or new_dispute(payment, news, changes)
    reversal.delete()
    return dispute


def _tells_of(dispute: Dispute, news: DisputeNews) -> bool:
    """Whether a dispute tells what became of the money; one that is over only of what was taken before."""
    if dispute.state != DisputeState.WON or dispute.decided_at is None:
        return True
    # Where nobody says when it was taken, the comparison with the provider's reports tells.
    return news.happened_at is None or news.happened_at <= dispute.decided_at
