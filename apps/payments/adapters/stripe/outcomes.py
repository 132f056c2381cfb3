"""What the state of an object at Stripe says about a call of ours.

None means that the object shows no trace of the call: it can be made (again).
"""

from datetime import UTC, datetime
from typing import assert_never

from apps.kernel.money import Money
from apps.payments.adapters.stripe.amounts import minor_units
from apps.payments.adapters.stripe.declines import NOT_SENT_BACK, sentence_for
from apps.payments.adapters.stripe.objects import Charge, Intent, MethodDetails, Refund
from apps.payments.adapters.texts import code_kept
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    AUTHORIZATION_EXPIRED,
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    Outcome,
    Undecided,
)


def intent_outcome(call: GatewayCall, intent: Intent, amount: int) -> Outcome | None:
    """Say how an authorisation, capture or void ended; `amount` is the call's in Stripe's units.

    Raises:
        Undecided: Stripe is still at it.
        GatewayMisused: the customer is to do what no page is there for.
    """
    if intent.status == "processing":
        raise Undecided("stripe_processing")
    match call.kind:
        case OperationKind.AUTHORIZE:
            return _authorized(intent)
        case OperationKind.CAPTURE:
            return _captured(call, intent, amount)
        case OperationKind.VOID:
            return _voided(intent)
        case OperationKind.REFUND:
            raise ValueError("the refund tells how a refund ended, not the intent")
        case OperationKind.RENEW:
            raise ValueError("Stripe renews nothing")
    assert_never(call.kind)


def refund_outcome(refund: Refund) -> Outcome:
    """Say how a refund ended; one that is pending, or waits for the customer, may still come to nothing."""
    if refund.has_failed:
        return Declined(
            code=refund.failure_reason or f"refund_{refund.status}",
            detail=NOT_SENT_BACK,
            reference=refund.id,
            provider_code=code_kept(refund.failure_reason or refund.status),
        )
    return Done(reference=refund.id) if refund.is_made else Accepted(reference=refund.id)


def refund_declined(code: str) -> Declined:
    """Say that Stripe did not take a refund on."""
    return Declined(code=code, detail=NOT_SENT_BACK, provider_code=code_kept(code))


def declined(*, code: str, decline_code: str = "", reference: str = "") -> Declined:
    """Make the answer of a card's bank, network or Stripe fit for the customer; both codes are kept."""
    codes = [one for one in (decline_code, code) if one]
    return Declined(
        code=codes[0] if codes else "card_declined",
        detail=sentence_for(codes),
        reference=reference,
        provider_code=code_kept(*codes),
    )


def _authorized(intent: Intent) -> Outcome | None:
    if intent.status in ("requires_capture", "succeeded"):
        brand, last4 = _card(intent)
        return Done(
            reference=intent.id, brand=brand, last4=last4, held_until=_capture_before(intent)
        )
    if intent.status == "requires_action":
        return ActionRequired(reference=intent.id, redirect_url=_redirect_url(intent))
    if intent.status == "canceled":
        return declined(code="canceled", reference=intent.id)
    if intent.last_payment_error is None:
        # Created and never tried: it holds no money and nobody else can try it.
        return None
    return declined(
        code=intent.last_payment_error.code or "",
        decline_code=intent.last_payment_error.decline_code or "",
        reference=intent.id,
    )


def _captured(call: GatewayCall, intent: Intent, amount: int) -> Outcome | None:
    if intent.status == "canceled":
        code = AUTHORIZATION_EXPIRED if intent.has_expired else "canceled"
        return declined(code=code, reference=intent.id)
    if intent.status != "succeeded":
        return None
    charged = None
    if intent.amount_received != amount:
        # An intent keeps the currency that we made it with.
        currency = call.amount.currency
        charged = Money(minor_units(intent.amount_received, currency), currency)
    return Done(reference=_charge_id(intent) or intent.id, charged=charged)


def _voided(intent: Intent) -> Outcome | None:
    if intent.status == "canceled":
        return Done(reference=intent.id, has_expired=intent.has_expired)
    if intent.status == "succeeded":
        return Declined(
            code=ALREADY_CAPTURED,
            detail="The payment has been charged; it can only be refunded.",
            reference=intent.id,
        )
    return None


def _redirect_url(intent: Intent) -> str:
    action = intent.next_action
    url = action.redirect_to_url.url if action and action.redirect_to_url else None
    if not url:
        wanted = action.type if action else "nothing"
        raise GatewayMisused(f"{intent.id} waits for {wanted}, which has no page to go to.")
    return url


def _capture_before(intent: Intent) -> datetime | None:
    details = _details(intent)
    if details is None or details.card is None or details.card.capture_before is None:
        return None
    return datetime.fromtimestamp(details.card.capture_before, UTC)


def _card(intent: Intent) -> tuple[str, str]:
    details = _details(intent)
    if details is None:
        return "", ""
    if details.card is None:
        return details.type, ""
    return details.card.brand or "", details.card.last4 or ""


def _details(intent: Intent) -> MethodDetails | None:
    charge = intent.latest_charge
    return charge.payment_method_details if isinstance(charge, Charge) else None


def _charge_id(intent: Intent) -> str:
    charge = intent.latest_charge
    return charge.id if isinstance(charge, Charge) else charge or ""
