"""What it means for a payment that its customer's bank took the charge back, with a dispute or without.

Until the provider tells of a dispute, a reversal stands where one would: the bank has the money, and
nobody has said that it keeps it. A dispute tells of reversals as far as its amount goes, and keeps how
much of each (`Dispute.taken`); what goes beyond that stands beside it. So what is withheld is the larger
of the two sums.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

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
    withhold,
)


def note_reversal(payment: Payment, news: DisputeNews, changes: Changes, cause: Cause) -> None:
    """Open a reversal of a locked payment, of what no dispute tells of and is left of the charge.

    Of one that is known under its reference, only what it is larger by than was told before is new. What
    disputes tell of, or of which nothing is left, is a step of the history and moves nothing.

    Raises:
        NoSuchAmount: no bank can have taken that much, or so little.
    """
    insist_on_amount(news.amount_minor)
    amount = Money(news.amount_minor, news.currency or payment.currency)
    said = f"The customer's bank took {amount} back ({news.reference})"
    charged = payment.captured_minor - payment.refunded_minor
    is_ours = amount.currency == payment.currency
    rows = list(payment.disputes.order_by("id"))
    disputes = [one for one in rows if not _was_over(one, news)]
    since = _last_won(rows, news)
    untold = amount.amount_minor
    if is_ours and charged > 0:
        # A provider may name the whole charge, of which something was refunded before.
        untold = min(untold, charged)
    untold -= sum(one.known_minor(news.reference, since) for one in disputes)
    if untold <= 0:
        # It was told before, by this message or another.
        return
    for dispute in disputes:
        if dispute.is_reversal or dispute.currency_of(payment) != amount.currency:
            continue
        part = min(untold, dispute.untaken_minor)
        if part > 0:
            dispute.tell_of(news.reference, part, heard_at=changes.now)
            dispute.save(update_fields=["taken"])
            untold -= part
            step_once(payment, f"{said}: part of dispute {dispute.reference}", changes, cause)
    left = charged
    if is_ours:
        # What came back since of what was taken by then was not taken again by being told again.
        left = min(
            left - _with_banks(payment), payment.captured_minor - _amounts(disputes, payment)
        )
    if untold > 0 and left <= 0:
        step_once(payment, f"{said}, of which nothing is left here", changes, cause)
    elif untold > 0:
        reversal = new_dispute(payment, news, changes)
        reversal.amount_minor = min(untold, left) if is_ours else untold
        move_on(reversal, payment, news.state, changes, cause)


def dispute_told_of(payment: Payment, news: DisputeNews, changes: Changes, cause: Cause) -> Dispute:
    """Give the row of a dispute, known or new; it counts from now on for the reversals that it tells of.

    Of what a person has called lost, the dispute takes over that it is lost; where it is about more, it
    counts for what goes beyond that. How much of an amount in another currency it is, nobody says: both
    stand.

    Raises:
        NoSuchAmount: nobody can have disputed that much, or so little.
    """
    known = payment.disputes.filter(reference=news.reference, is_reversal=False).first()
    reversals = payment.disputes.filter(is_reversal=True).exclude(state=DisputeState.WON)
    if known is None:
        dispute = new_dispute(payment, news, changes)
    elif known.decided_at is None or news.state not in GOES_ON_TO[DisputeState(known.state)]:
        return known
    else:
        # It was won: what it told of came back then, and what was taken since is told by it now.
        dispute, dispute.taken = known, {}
        reversals = reversals.filter(opened_at__gt=known.decided_at)
    currency = dispute.currency_of(payment)
    standing = [one for one in reversals.order_by("id") if one.currency_of(payment) == currency]
    if news.state is not DisputeState.LOST:
        lost = [one for one in standing if one.state == DisputeState.LOST]
        standing = [one for one in standing if one.state != DisputeState.LOST]
        if _is_lost_by_hand(dispute, payment, lost, changes, cause):
            return dispute
    for reversal in standing:
        state = DisputeState(reversal.state)
        part = _take_over(dispute, payment, reversal, changes, cause)
        if part and currency == payment.currency:
            changes.enter(
                payment,
                part,
                from_account=HOLDS[state],
                to_account=Account.PROVIDER,
                what="Reversal disputed",
                actor=cause.actor,
            )
    return dispute


def make_room(payment: Payment, changes: Changes, cause: Cause) -> None:
    """Take open reversals of a locked payment for no more than refunds have left of the charge.

    A provider may name the whole charge, of which a refund was made before that is heard of now.
    """
    over = _with_banks(payment) + payment.refunded_minor - payment.captured_minor
    for reversal in payment.disputes.filter(is_reversal=True, state=DisputeState.OPENED):
        part = min(over, reversal.amount_minor)
        if part <= 0 or reversal.currency_of(payment) != payment.currency:
            continue
        over -= part
        amount = Money(part, payment.currency)
        changes.step(
            payment, f"Reversal {reversal.reference} is of {amount} that went back before", cause
        )
        if part == reversal.amount_minor:
            move_on(reversal, payment, DisputeState.WON, changes, cause)
            continue
        reversal.amount_minor -= part
        reversal.save(update_fields=["amount_minor"])
        withhold(payment)
        changes.enter(
            payment,
            part,
            from_account=Account.DISPUTED,
            to_account=Account.PROVIDER,
            what="Reversal of what went back",
            actor=cause.actor,
        )


def has_lost_by_hand(dispute: Dispute, payment: Payment) -> bool:
    """Whether a part of a dispute, which is counted by a row of its own, was called lost by a person."""
    lost = payment.disputes.filter(is_reversal=True, is_by_hand=True, state=DisputeState.LOST)
    said = [_part_of(dispute, reversal) for reversal in lost]
    return bool(said) and payment.history.filter(what__in=said).exists()


def _part_of(dispute: Dispute, reversal: Dispute) -> str:
    return f"Reversal {reversal.reference} is part of dispute {dispute.reference}"


def _is_lost_by_hand(
    dispute: Dispute, payment: Payment, lost: Iterable[Dispute], changes: Changes, cause: Cause
) -> bool:
    """Whether all of a new dispute is part of a reversal that a person called lost, and so is lost itself."""
    for reversal in lost:
        if dispute.amount_minor <= reversal.amount_minor:
            dispute.state, dispute.is_by_hand = DisputeState.LOST, True
            dispute.decided_at = reversal.decided_at
            _take_over(dispute, payment, reversal, changes, cause)
            dispute.save()
            return True
        dispute.amount_minor -= reversal.amount_minor
        step_once(payment, _part_of(dispute, reversal), changes, cause)
    return False


def _take_over(
    dispute: Dispute, payment: Payment, reversal: Dispute, changes: Changes, cause: Cause
) -> int:
    """Count by a dispute what was counted as a reversal, as far as it goes; gives how much that is."""
    part = min(reversal.amount_minor, dispute.untaken_minor)
    if part <= 0:
        return 0
    dispute.tell_of(reversal.reference, part, heard_at=reversal.opened_at)
    reversal.amount_minor -= part
    if reversal.amount_minor:
        reversal.save(update_fields=["amount_minor"])
    else:
        reversal.delete()
    payment.updated_at = changes.now
    changes.step(payment, f"Reversal {reversal.reference} is dispute {dispute.reference}", cause)
    return part


def _last_won(rows: Sequence[Dispute], news: DisputeNews) -> datetime | None:
    """Give when it was last won, of what the news are about: what was taken of it before came back then."""
    over = [one for one in rows if _was_over(one, news)]
    won = [one.decided_at for one in over if one.decided_at and one.known_minor(news.reference)]
    return max(won, default=None)


def _with_banks(payment: Payment) -> int:
    """Give how much of the charge banks have; of amounts in another currency nobody says how much it is."""
    return _amounts(payment.disputes.exclude(state=DisputeState.WON), payment)


def _amounts(rows: Iterable[Dispute], payment: Payment) -> int:
    return sum(one.amount_minor for one in rows if one.currency_of(payment) == payment.currency)


def _was_over(dispute: Dispute, news: DisputeNews) -> bool:
    """Whether it was won, and the money ours again, before the bank took what the news are about."""
    if dispute.state != DisputeState.WON or dispute.decided_at is None:
        return False
    # Where nobody says when it was taken, the comparison with the provider's reports tells.
    return news.happened_at is not None and news.happened_at > dispute.decided_at
