"""Who receives the simulated Stripe's events, and how they are signed."""

import hashlib
import hmac
import time
from dataclasses import dataclass

ANNOUNCED = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""What a receiver is subscribed to unless it says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who receives the events, signed with which secret, and which types."""

    url: str
    secret: str
    types: tuple[str, ...] = ANNOUNCED
    """What is sent; `*` stands for everything."""

    def wants(self, event_type: str) -> bool:
        """Whether events of a type are sent."""
        return event_type in self.types or "*" in self.types


def signed(body: bytes, secret: str) -> tuple[bytes, dict[str, str]]:
    """Give a body with the headers that it is sent with at this moment."""
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": sign(body, secret, int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }


def sign(body: bytes, secret: str, now: int) -> str:
    """Give the `Stripe-Signature` header of a body, signed at a time in seconds."""
    digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"
