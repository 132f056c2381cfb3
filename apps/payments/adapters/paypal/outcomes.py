"""What the state of an object at PayPal says about a call of ours.

None means that the object shows no trace of the call: it can be made (again).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.kernel.errors import DomainError
from apps.kernel.money import Money
from apps.payments.adapters.paypal.amounts import read_paypal_amount
from apps.payments.adapters.paypal.declines import NOT_RENEWED, NOT_SENT_BACK, sentence_for
from apps.payments.adapters.paypal.objects import Authorization, Capture, Order, Refund
from apps.payments.adapters.texts import code_kept
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    Outcome,
    Undecided,
)

BRAND = "paypal"
CAPTURED = ("CAPTURED", "PARTIALLY_CAPTURED")
HONOUR_PERIOD = timedelta(days=3)
"""How long PayPal vouches for what it has authorised anew, where it does not say until when."""
WAITS_FOR_PAYER = ("PAYER_ACTION_REQUIRED", "CREATED", "SAVED")


def declined(code: str, reference: str = "") -> Declined:
    """Make an answer of PayPal's fit for the customer."""
    return _no(code, sentence_for(code), reference)


def authorized(order: Order) -> Outcome | None:
    """Say how an authorisation stands by its order; None where the payer has approved and no more.

    Until it is done, an authorisation goes by the name of its order. The page for the payer is left
    empty where PayPal does not name it any more.

    Raises:
        Undecided: PayPal does not show what came of it.
    """
    authorization = order.authorization
    if authorization is not None:
        return _of_authorization(order, authorization)
    if order.status in WAITS_FOR_PAYER:
        return ActionRequired(reference=order.id, redirect_url=order.payer_url)
    if order.status == "VOIDED":
        return declined("ORDER_COMPLETED_OR_VOIDED", order.id)
    if order.status == "APPROVED":
        return None
    raise Undecided(f"paypal_order_{order.status.lower()}")


def captured(call: GatewayCall, capture: Capture) -> Outcome:
    """Say how a capture ended; what went back since then, whoever took it, was charged all the same."""
    if capture.has_failed:
        return declined("CAPTURE_DECLINED", capture.id)
    if capture.status == "PENDING":
        return Accepted(reference=capture.id)
    return charged(call, [capture])


def charged(call: GatewayCall, captures: Sequence[Capture]) -> Done:
    """Say how much was charged, all captures together; it goes by the name of the largest.

    Raises:
        Undecided: PayPal does not say, or not in one currency.
    """
    try:
        amounts = {one.id: _money_of(one, call) for one in captures}
        total = sum(amounts.values(), Money.zero(next(iter(amounts.values())).currency))
    except (DomainError, ValueError) as error:
        raise Undecided("paypal_amount_unreadable") from error
    reference = max(amounts, key=lambda name: amounts[name].amount_minor)
    return Done(reference=reference, charged=None if total == call.amount else total)


def _money_of(capture: Capture, call: GatewayCall) -> Money:
    """Read the amount of a capture; an answer that leaves it out is to what we asked for."""
    if capture.amount is None:
        return call.amount
    return read_paypal_amount(capture.amount.value, capture.amount.currency_code)


def not_charged(authorization: Authorization) -> Outcome | None:
    """Say why there is no charge of an authorisation; None where there may be one."""
    if authorization.has_expired:
        return declined("AUTHORIZATION_EXPIRED", authorization.id)
    if authorization.status in ("VOIDED", "DENIED"):
        return declined(f"AUTHORIZATION_{authorization.status}", authorization.id)
    return None


def voided(authorization: Authorization) -> Outcome | None:
    """Say how a void ended; what was denied holds no money, either."""
    if authorization.status in ("VOIDED", "DENIED"):
        return Done(reference=authorization.id, has_expired=authorization.has_expired)
    if authorization.status in CAPTURED:
        return Declined(
            code=ALREADY_CAPTURED,
            detail="The payment has been charged; it can only be refunded.",
            reference=authorization.id,
        )
    return None


def renewed(authorization: Authorization, now: datetime) -> Outcome:
    """Say how a renewal ended, by the authorisation that has taken the place of the first one."""
    if authorization.status == "PENDING":
        return Accepted(reference=authorization.id)
    if authorization.status in ("DENIED", "VOIDED"):
        return not_renewed(f"AUTHORIZATION_{authorization.status}", authorization.id)
    return Done(
        reference=authorization.id,
        authorization=authorization.id,
        held_until=authorization.expiration_time or now + HONOUR_PERIOD,
    )


def not_renewed(code: str, reference: str = "") -> Declined:
    """Say that an authorisation is not renewed."""
    return _no(code, NOT_RENEWED, reference)


def refunded(refund: Refund) -> Outcome:
    """Say how a refund ended."""
    if refund.has_failed:
        return refund_declined(f"REFUND_{refund.status}", refund.id)
    if refund.status == "PENDING":
        return Accepted(reference=refund.id)
    return Done(reference=refund.id)


def refund_declined(code: str, reference: str = "") -> Declined:
    """Say that money was not sent back."""
    return _no(code, NOT_SENT_BACK, reference)


def _no(code: str, detail: str, reference: str) -> Declined:
    """Make the answer; PayPal's issue, or what it makes of a payment, is our code as it is."""
    return Declined(code=code, detail=detail, reference=reference, provider_code=code_kept(code))


def _of_authorization(order: Order, authorization: Authorization) -> Outcome:
    if authorization.status == "PENDING":
        return Accepted(reference=order.id)
    if authorization.status in ("DENIED", "VOIDED"):
        return declined(f"AUTHORIZATION_{authorization.status}", authorization.id)
    return Done(reference=authorization.id, brand=BRAND, held_until=authorization.expiration_time)
