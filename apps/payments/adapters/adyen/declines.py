"""What a customer is told when Adyen, the card's bank or the network says no.

The sentences are ours. The codes are the words that all our gateways share for a reason, where there
is one, so that nobody who reads them has to know Adyen's numbers. Those, of which several may be one
word, are kept beside it.
"""

from dataclasses import dataclass

from apps.payments.adapters.texts import code_kept
from apps.payments.ports import AUTHORIZATION_EXPIRED, TIME_OVER, Declined

GENERAL = "Your card was declined. Please try another way to pay."
LATER = "Your card could not be processed. Please try again later."


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in our words, with the sentence for the customer."""

    code: str
    detail: str


REFUSED = Reason("card_declined", GENERAL)
METHOD_UNKNOWN = Reason(
    "unknown_token", "This way to pay is not known any more. Please choose another one."
)
CALLED_OFF = Reason("canceled", "The payment was called off before it was completed.")
EXPIRED = Reason(
    AUTHORIZATION_EXPIRED,
    TIME_OVER,
)
PARTIAL = Reason("partially_authorised", "Your card does not cover the whole amount.")
# Whoever holds a card that is blocked or suspected hears only that it was declined.
_RESTRICTED = Reason("restricted_card", GENERAL)
_SUSPECTED = Reason("fraudulent", GENERAL)

BY_NUMBER = {
    "2": REFUSED,
    "3": REFUSED,
    "4": Reason("processing_error", LATER),
    "5": _RESTRICTED,
    "6": Reason("expired_card", "Your card has expired."),
    "7": Reason("invalid_amount", "The amount is not possible with your card."),
    "8": Reason("incorrect_number", "Your card number is incorrect."),
    "9": Reason("issuer_not_available", "Your bank could not be reached. Please try again later."),
    "10": Reason("card_not_supported", "Your card does not support this kind of purchase."),
    "11": Reason("authentication_failed", "The payment was not approved by you or your bank."),
    "12": Reason("insufficient_funds", "Your card has insufficient funds."),
    "14": _SUSPECTED,
    "15": CALLED_OFF,
    "16": CALLED_OFF,
    "20": _SUSPECTED,
    "22": _SUSPECTED,
    "23": Reason("card_not_supported", "Your card does not support this kind of purchase."),
    "24": Reason("incorrect_cvc", "Your card's security code is incorrect."),
    "25": _RESTRICTED,
    "27": REFUSED,
    "28": Reason("card_velocity_exceeded", "Your card has reached its limit."),
    "29": Reason("card_velocity_exceeded", "Your card has reached its limit."),
    "31": _SUSPECTED,
    "32": Reason("incorrect_address", "The billing address does not match your card."),
    "38": Reason(
        "authentication_required", "Your bank asks you to approve the payment. Please order again."
    ),
}
"""By `refusalReasonCode`; any other counts as a plain refusal."""

NUMBERS = {
    "acquirer error": "4",
    "blocked card": "5",
    "expired card": "6",
    "invalid amount": "7",
    "invalid card number": "8",
    "issuer unavailable": "9",
    "not supported": "10",
    "3d not authenticated": "11",
    "not enough balance": "12",
    "acquirer fraud": "14",
    "cancelled": "15",
    "shopper cancelled": "16",
    "fraud": "20",
    "fraud-cancelled": "22",
    "transaction not permitted": "23",
    "cvc declined": "24",
    "restricted card": "25",
    "withdrawal amount exceeded": "28",
    "withdrawal count exceeded": "29",
    "issuer suspected fraud": "31",
    "avs declined": "32",
    "authentication required": "38",
}
"""By the text of a refusal: a webhook has no number for it."""


def reason_of(*, number: str | None = None, text: str | None = None) -> Reason:
    """Give the reason for a refusal by Adyen's number, else by its text."""
    return BY_NUMBER.get(number or NUMBERS.get((text or "").strip().lower(), ""), REFUSED)


def declined(reason: Reason, *said: str | None, reference: str = "") -> Declined:
    """Make the answer for a reason; `said` is what Adyen itself gave for one, its number and its word."""
    return Declined(
        code=reason.code,
        detail=reason.detail,
        reference=reference,
        provider_code=code_kept(*said),
    )
