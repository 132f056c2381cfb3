"""Giving money back."""

import time

from msgspec.structs import replace

from infra.simulators.stripe import disputes
from infra.simulators.stripe.books import Books, new_name
from infra.simulators.stripe.cards import CARDS
from infra.simulators.stripe.forms import Form, metadata, whole_number
from infra.simulators.stripe.objects import Intent, Refund
from infra.simulators.stripe.refusals import Refusal, missing

CREATE_FIELDS = frozenset({"payment_intent", "charge", "amount", "reason", "metadata", "expand"})
UPDATED = ("charge.refund.updated", "refund.updated")
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(books: Books, form: Form) -> tuple[Refund, Intent]:
    """Make a refund of what is left of a captured charge, or of a part of it.

    Returns the refund, and the intent as it stands after it.
    """
    intent = _intent_of(books, form)
    charge = intent.charge
    if charge is None or not charge.captured:
        raise Refusal(
            400,
            f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
            param="payment_intent",
            is_kept=True,
        )
    if disputes.stands_against(books, charge.id):
        raise Refusal(
            400,
            f"Charge {charge.id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            is_kept=True,
        )
    left = charge.amount_captured - charge.amount_refunded
    if left == 0:
        raise Refusal(
            400,
            f"Charge {charge.id} has already been refunded.",
            code="charge_already_refunded",
            is_kept=True,
        )
    amount = whole_number(form, "amount", left)
    if not 0 < amount <= left:
        raise Refusal(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
            is_kept=True,
        )
    reason = form.get("reason")
    if reason is not None and reason not in REASONS:
        raise Refusal(400, "Invalid reason", param="reason")
    refund = Refund(
        id=new_name("re"),
        created=int(time.time()),
        amount=amount,
        currency=intent.currency,
        payment_intent=intent.id,
        charge=charge.id,
        status="pending" if CARDS[charge.payment_method].refunds_wait else "succeeded",
        reason=reason,
        metadata=metadata(form),
    )
    return refund, _with_refunded(intent, charge.amount_refunded + amount)


def fail(refund: Refund, intent: Intent) -> tuple[Refund, Intent]:
    """Have the customer's bank send the money of a refund back to us."""
    refunded = intent.amount_refunded - refund.amount
    return (
        replace(refund, status="failed", failure_reason="lost_or_stolen_card"),
        _with_refunded(intent, refunded),
    )


def goes_on(refund: Refund, intent: Intent) -> bool:
    """Whether there is more to come of a refund: it is pending, or the card's bank does not take it."""
    return refund.status == "pending" or (refund.status == "succeeded" and _is_refused(intent))


def gone_on(refund: Refund, intent: Intent) -> tuple[Refund, Intent, tuple[str, ...]]:
    """Bring a refund to its end; gives the types of the events, too."""
    if _is_refused(intent):
        failed, intent = fail(refund, intent)
        return failed, intent, (*UPDATED, "refund.failed")
    return replace(refund, status="succeeded"), intent, UPDATED


def _is_refused(intent: Intent) -> bool:
    return intent.charge is not None and CARDS[intent.charge.payment_method].refunds_fail


def _with_refunded(intent: Intent, amount: int) -> Intent:
    if intent.charge is None:
        raise ValueError("there is no charge to refund")
    return replace(intent, charge=replace(intent.charge, amount_refunded=amount))


def _intent_of(books: Books, form: Form) -> Intent:
    name = form.get("payment_intent")
    if name is None and (charge := form.get("charge")):
        name = books.charges.get(str(charge))
        if name is None:
            raise missing("charge", str(charge), param="charge")
    if name is None:
        raise Refusal(
            400,
            "One of the following params should be provided: payment_intent or charge.",
            code="parameter_missing",
        )
    if name not in books.intents:
        raise missing("payment_intent", str(name), param="payment_intent")
    return books.intents[str(name)]
