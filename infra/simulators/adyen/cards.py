"""The test tokens, named after what comes of them."""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why a payment is refused, as Adyen numbers and words it."""

    number: str
    text: str
    result: str = "Refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A stored card or an Apple Pay token, and its behaviour.

    `capture` and `refund` say how those end: `done`, `refused`, or done and then `failed`, or for a
    refund `reversed`, a little later; `adjustment` how a renewal ends: `done` or `refused`.
    """

    brand: str = "visa"
    last4: str = "4242"
    refusal: RefusalReason | None = None
    asks_holder: bool = False
    is_slow: bool = False
    covers_half: bool = False
    capture: str = "done"
    refund: str = "done"
    adjustment: str = "done"


NOT_AUTHENTICATED = RefusalReason("11", "3D Not Authenticated")
_REFUSED = RefusalReason("2", "Refused")
_NO_MONEY = RefusalReason("12", "Not enough balance")

STORED = {
    "stored_card_authorised": Card(),
    "stored_card_mastercard": Card(brand="mc", last4="4444"),
    "stored_card_refused": Card(last4="0002", refusal=_REFUSED),
    "stored_card_not_enough_balance": Card(last4="9995", refusal=_NO_MONEY),
    "stored_card_acquirer_error": Card(
        last4="0119", refusal=RefusalReason("4", "Acquirer Error", "Error")
    ),
    "stored_card_blocked": Card(last4="9987", refusal=RefusalReason("5", "Blocked Card")),
    "stored_card_expired": Card(last4="0069", refusal=RefusalReason("6", "Expired Card")),
    "stored_card_issuer_unavailable": Card(
        last4="0127", refusal=RefusalReason("9", "Issuer Unavailable")
    ),
    "stored_card_fraud": Card(last4="9979", refusal=RefusalReason("20", "FRAUD")),
    "stored_card_cvc_declined": Card(last4="0127", refusal=RefusalReason("24", "CVC Declined")),
    "stored_card_challenge": Card(last4="3184", asks_holder=True),
    "stored_card_challenge_not_enough_balance": Card(
        last4="8260", asks_holder=True, refusal=_NO_MONEY
    ),
    "stored_card_pending": Card(last4="2020", is_slow=True),
    "stored_card_covers_half": Card(last4="5050", covers_half=True),
    "stored_card_capture_refused": Card(last4="6001", capture="refused"),
    "stored_card_capture_fails_later": Card(last4="6002", capture="failed"),
    "stored_card_adjustment_refused": Card(last4="8001", adjustment="refused"),
    "stored_card_refund_refused": Card(last4="7001", refund="refused"),
    "stored_card_refund_fails_later": Card(last4="7002", refund="failed"),
    "stored_card_refund_reversed_later": Card(last4="7003", refund="reversed"),
}
APPLE_PAY = {
    "apple_pay_authorised": Card(brand="visa_applepay"),
    "apple_pay_refused": Card(brand="visa_applepay", last4="0002", refusal=_REFUSED),
}
CARDS = {**STORED, **APPLE_PAY}
SEALED = {"version", "data", "signature", "header"}
"""What Apple seals into the `paymentData` of a token."""


def wallet_of(token: str) -> str | None:
    """Find the wallet of an Apple Pay token: one by its name, or a sealed one, which nobody can look into."""
    if token in APPLE_PAY:
        return token
    try:
        sealed = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        return None
    return "apple_pay_authorised" if isinstance(sealed, dict) and sealed.keys() >= SEALED else None
