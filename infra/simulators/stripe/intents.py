"""What can be done with a payment intent. Every function gives the new state and what happened."""

import time

from msgspec.structs import replace

from infra.simulators.stripe.books import new_name
from infra.simulators.stripe.cards import AUTHENTICATION_FAILED, CARDS
from infra.simulators.stripe.forms import (
    Form,
    flag,
    metadata,
    payable_amount,
    required,
    whole_number,
)
from infra.simulators.stripe.objects import Charge, Failure, Intent
from infra.simulators.stripe.refusals import Refusal, missing, wrong_state

CREATE_FIELDS = frozenset(
    {
        *("amount", "currency", "capture_method", "confirm", "payment_method", "metadata"),
        *("automatic_payment_methods", "return_url", "description", "receipt_email", "expand"),
    }
)
CONFIRM_FIELDS = frozenset({"payment_method", "return_url", "receipt_email", "expand"})
CAPTURE_FIELDS = frozenset({"amount_to_capture", "final_capture", "metadata", "expand"})
CANCEL_FIELDS = frozenset({"cancellation_reason", "expand"})
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
CANCELLABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
)
CONFIRMABLE = ("requires_payment_method", "requires_confirmation")

Change = tuple[Intent, tuple[str, ...]]
"""The new state, and the types of the events to announce."""


def create(form: Form) -> Change:
    """Make an intent, and try to pay it if the form says so."""
    currency = required(form, "currency").lower()
    if len(currency) != 3 or not currency.isalpha():
        raise Refusal(400, f"Invalid currency: {currency}", param="currency")
    capture_method = str(form.get("capture_method", "automatic_async"))
    if capture_method not in ("automatic", "automatic_async", "manual"):
        raise Refusal(400, "Invalid capture_method", param="capture_method")
    automatic = form.get("automatic_payment_methods", {})
    if not isinstance(automatic, dict):
        raise Refusal(400, "Invalid object", param="automatic_payment_methods")
    intent = Intent(
        id=new_name("pi"),
        created=int(time.time()),
        amount=payable_amount(form, currency),
        currency=currency,
        capture_method=capture_method,
        status="requires_payment_method",
        automatic_payment_methods=flag(automatic, "enabled"),
        allow_redirects=str(automatic.get("allow_redirects", "always")),
        description=form.get("description"),
        receipt_email=form.get("receipt_email"),
        metadata=metadata(form),
    )
    if form.get("payment_method"):
        intent = replace(intent, payment_method=_known_method(form), status="requires_confirmation")
    if not flag(form, "confirm"):
        if form.get("return_url"):
            raise Refusal(400, "return_url needs confirm=true.", param="return_url")
        return intent, ("payment_intent.created",)
    paid, events = confirm(intent, form)
    return paid, ("payment_intent.created", *events)


def confirm(intent: Intent, form: Form) -> Change:
    """Try to pay an intent: it is authorised, declined, or waits for the holder of the card."""
    if intent.status not in CONFIRMABLE:
        raise wrong_state(intent, "confirmed", ", ".join(CONFIRMABLE))
    method = _known_method(form) if form.get("payment_method") else intent.payment_method
    if method is None:
        raise Refusal(
            400,
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    return_url = form.get("return_url")
    if (
        return_url is None
        and intent.automatic_payment_methods
        and intent.allow_redirects != "never"
    ):
        raise Refusal(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`.",
            param="return_url",
        )
    intent = replace(intent, payment_method=method, return_url=return_url, failure=None)
    if CARDS[method].asks_holder:
        return replace(intent, status="requires_action"), ("payment_intent.requires_action",)
    return authorize(intent)


def authorize(intent: Intent) -> Change:
    """Ask the card's bank, which answers as the card's name says."""
    method = str(intent.payment_method)
    charge = Charge(id=new_name("ch"), created=int(time.time()), payment_method=method)
    failure = CARDS[method].failure
    if failure is not None:
        return _declined(replace(intent, charge=replace(charge, failure=failure)), failure)
    intent = replace(intent, status="requires_capture", charge=charge)
    if intent.capture_method == "manual":
        return intent, ("charge.succeeded", "payment_intent.amount_capturable_updated")
    captured, _ = _captured(intent, intent.amount)
    return captured, ("charge.succeeded", "payment_intent.succeeded")


def refuse_approval(intent: Intent) -> Change:
    """Let the holder of the card say no."""
    return _declined(intent, AUTHENTICATION_FAILED)


def capture(intent: Intent, form: Form) -> Change:
    """Take the money, or a part of it; the rest is released."""
    if intent.status != "requires_capture":
        raise wrong_state(intent, "captured", "requires_capture")
    amount = whole_number(form, "amount_to_capture", intent.amount)
    if not 0 < amount <= intent.amount:
        raise Refusal(
            400,
            f"The payment could not be captured because the requested capture amount is "
            f"greater than the amount you can capture for this charge: {intent.amount}.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    return _captured(intent, amount)


def cancel(intent: Intent, form: Form) -> Change:
    """Drop an intent that has taken no money."""
    reason = form.get("cancellation_reason")
    if reason is not None and reason not in REASONS:
        raise Refusal(400, "Invalid cancellation_reason", param="cancellation_reason")
    if intent.status not in CANCELLABLE:
        raise wrong_state(intent, "canceled", ", ".join(CANCELLABLE))
    return dropped(intent, reason)


def dropped(intent: Intent, reason: str | None) -> Change:
    """Give the state of an intent that was cancelled, or has expired."""
    charge = intent.charge
    if charge is not None and charge.failure is None:
        charge = replace(charge, amount_refunded=intent.amount)
    return (
        replace(
            intent,
            status="canceled",
            charge=charge,
            canceled_at=int(time.time()),
            cancellation_reason=reason,
        ),
        ("payment_intent.canceled",),
    )


def _captured(intent: Intent, amount: int) -> Change:
    charge = intent.charge
    if charge is None:
        raise ValueError("there is no charge to capture")
    return (
        replace(
            intent,
            status="succeeded",
            amount_received=amount,
            charge=replace(charge, captured=True, amount_captured=amount),
        ),
        ("charge.captured", "payment_intent.succeeded"),
    )


def _declined(intent: Intent, failure: Failure) -> Change:
    failed = replace(intent, status="requires_payment_method", payment_method=None, failure=failure)
    was_charged = intent.charge is not None
    return failed, (*(["charge.failed"] if was_charged else []), "payment_intent.payment_failed")


def _known_method(form: Form) -> str:
    method = required(form, "payment_method")
    if method not in CARDS:
        raise missing("PaymentMethod", method, status=400, param="payment_method")
    return method
