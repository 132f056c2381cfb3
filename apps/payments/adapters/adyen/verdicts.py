"""How a call ended, by what Adyen has told since; None where that tells nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from apps.kernel.money import Money, UnknownCurrency
from apps.payments.adapters.adyen.amounts import minor_units
from apps.payments.adapters.adyen.declines import CALLED_OFF, EXPIRED, Reason, declined, reason_of
from apps.payments.adapters.adyen.story import (
    ADJUSTMENT,
    AUTHORISATION,
    CANCELLATION,
    CAPTURE,
    EXPIRE,
    REFUND,
    TECHNICAL_CANCEL,
    Story,
    Told,
)
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Accepted,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    Outcome,
)

NOT_REFUNDED = "The payment could not be refunded."


def verdict_of(call: GatewayCall, story: Story, amount: int) -> Outcome | None:
    """Tell how a call ended; `Accepted` where Adyen has taken it and said no more.

    `amount` is the call's in Adyen's units.

    Raises:
        GatewayMisused: it was charged in a currency that nobody knows.
    """
    match call.kind:
        case OperationKind.AUTHORIZE:
            return _authorized(call, story, amount)
        case OperationKind.CAPTURE:
            found = _captured(call, story, amount)
        case OperationKind.VOID:
            found = _voided(call, story)
        case OperationKind.REFUND:
            found = _refunded(call, story, amount)
        case OperationKind.RENEW:
            found = _renewed(call, story)
        case _:
            assert_never(call.kind)
    return found or (Accepted(reference=call.reference) if call.reference else None)


def taken(call: GatewayCall, story: Story, amount: int, reference: str) -> Outcome:
    """Tell how a call stands that Adyen has just taken; its end may have been told before that."""
    found = verdict_of(replace(call, reference=reference), story, amount)
    return found or Accepted(reference=reference)


def _authorized(call: GatewayCall, story: Story, amount: int) -> Outcome | None:
    gone = story.cancelled_by()
    if gone is not None:
        return declined(CALLED_OFF, gone.event, reference=call.authorization)
    for one in story.successes(AUTHORISATION):
        # A part of the amount is no success: the call is repeated, and drops it (see `calls`).
        if (one.value, one.currency) == (amount, call.amount.currency):
            return Done(reference=one.psp_reference, brand=one.brand, last4=one.last4)
    if any(story.successes(AUTHORISATION)):
        return None
    refused = next(story.failures(AUTHORISATION), None)
    if refused is None:
        return None
    reason = reason_of(text=refused.reason)
    return declined(reason, refused.reason, reference=refused.psp_reference)


def _captured(call: GatewayCall, story: Story, amount: int) -> Outcome | None:
    own = _own(call, story.ends_of(CAPTURE))
    if own is None and call.reference:
        return None
    # Ours, or what somebody made at Adyen's own desk: the money is taken once either way.
    standing = story.standing_captures()
    # What only bears the name that an earlier look has found may be one of several made there.
    is_ours = own is not None and own.operation == str(call.operation_id)
    made = [own] if is_ours and own in standing else standing
    if made:
        charged = _sum_of(made, call)
        is_all = charged == Money(minor_units(amount, call.amount.currency), call.amount.currency)
        return Done(reference=made[0].psp_reference, charged=None if is_all else charged)
    if own is None:
        return None
    gone = story.cancelled_by()
    if gone is not None:
        reason = EXPIRED if gone.event == EXPIRE else CALLED_OFF
        return declined(reason, gone.event, reference=own.psp_reference)
    code = "capture_failed" if own.success else "capture_refused"
    return _no(code, "The payment could not be charged.", own)


def _sum_of(captures: Sequence[Told], call: GatewayCall) -> Money:
    """Add up what was charged; of several currencies one that is not ours, which no book of ours holds."""
    ours = call.amount.currency
    currency = next((one.currency for one in captures if one.currency not in ("", ours)), ours)
    value = sum(one.value for one in captures if (one.currency or ours) == currency)
    try:
        return Money(minor_units(value, currency), currency)
    except UnknownCurrency as error:
        raise GatewayMisused(f"Charged in {currency}.") from error


def _voided(call: GatewayCall, story: Story) -> Outcome | None:
    gone = story.cancelled_by()
    if gone is not None:
        return Done(reference=gone.psp_reference, has_expired=gone.event == EXPIRE)
    own = _own(call, list(story.failures(CANCELLATION, TECHNICAL_CANCEL)))
    if story.standing_captures() and (own is not None or not call.reference):
        return _already_captured(own.psp_reference if own is not None else call.authorization)
    if own is None:
        return None
    if "captured" in own.reason.lower():
        return _already_captured(own.psp_reference)
    if own.event == TECHNICAL_CANCEL and not any(story.successes(AUTHORISATION)):
        # There was nothing to cancel: the customer never went through with it, and nothing is held.
        return Done(reference=own.psp_reference)
    return _no("cancel_refused", "The payment could not be called off.", own)


def _refunded(call: GatewayCall, story: Story, amount: int) -> Outcome | None:
    # A cancel-or-refund is none of ours; it is looked up where it was made at Adyen's own desk.
    own = _own(call, [*story.ends_of(REFUND), *story.standing_refunds()])
    if own is None:
        return None
    if own.success:
        if own in story.standing_refunds():
            return Done(reference=own.psp_reference)
        return _no("refund_failed", NOT_REFUNDED, own)
    # If somebody refunded it at Adyen's own desk, nothing was left, and it is what was wanted.
    by_hand = [one for one in story.standing_refunds() if not one.operation and one.value == amount]
    if len(by_hand) == 1:
        return Done(reference=by_hand[0].psp_reference)
    return _no("refund_refused", NOT_REFUNDED, own)


def _renewed(call: GatewayCall, story: Story) -> Outcome | None:
    """Tell whether the same amount was authorised anew; the payment keeps its name by that."""
    gone = story.cancelled_by()
    if gone is not None:
        return declined(CALLED_OFF, gone.event, reference=call.reference)
    own = _own(call, [*story.successes(ADJUSTMENT), *story.failures(ADJUSTMENT)])
    if own is None:
        return None
    if own.success:
        return Done(reference=own.psp_reference)
    return _no("renewal_refused", "The authorisation could not be renewed.", own)


def _own(call: GatewayCall, news: Sequence[Told]) -> Told | None:
    """Find the news of this very call, by the name Adyen gave it or by ours."""
    operation = str(call.operation_id)
    for one in news:
        if one.operation == operation or (call.reference and one.psp_reference == call.reference):
            return one
    return None


def _already_captured(reference: str) -> Declined:
    return Declined(
        code=ALREADY_CAPTURED,
        detail="The payment has been charged; it can only be refunded.",
        reference=reference,
    )


def _no(code: str, detail: str, own: Told) -> Declined:
    """Make the answer of news that has no reason in our words; Adyen's own goes along."""
    return declined(Reason(code, detail), own.reason, reference=own.psp_reference)
