"""Read what Stripe tells us of its own accord."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import stripe

from apps.kernel.decoding import convert, decode
from apps.kernel.errors import DomainError
from apps.payments.adapters.stripe.amounts import minor_units
from apps.payments.adapters.texts import kept
from apps.payments.domain.disputes import DisputeState
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SIGNATURE_HEADER = "stripe-signature"
TOLERANCE_SECONDS = 300
"""How old a message may be, as Stripe advises. Each delivery is signed anew, retries included."""

SETBACKS = {"payment_intent": ("canceled",), "refund": ("failed", "canceled")}
"""What it says of an object whose success did not last; one that we dropped ourselves says so, too."""


DISPUTE_STATES = {
    "won": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
"""How Stripe says that a dispute is decided; of a `prevented` one the money never went."""


class _Dispute(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str


class _Refund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct, frozen=True):
    object: dict[str, Any] = {}


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _Data = _Data()


def read_event(
    body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime
) -> ProviderMessage:
    """Verify a message over its raw bytes, and say which payment it is about.

    Raises:
        MessageRefused: it is not signed with our secret, was signed long ago, or cannot be read.
    """
    header = headers.get(SIGNATURE_HEADER, "")
    try:
        stripe.WebhookSignature.verify_header(body, header, secret)
        signed_at = _signed_at(header)
    except (stripe.SignatureVerificationError, ValueError, TypeError) as error:
        # TypeError: a signature with letters beyond ASCII cannot even be compared.
        raise MessageRefused("The signature is not Stripe's.") from error
    if abs(int(now.timestamp()) - signed_at) > TOLERANCE_SECONDS:
        raise MessageRefused("The message was signed too long ago, or in the future.")
    try:
        event = decode(body, _Event)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MessageRefused("The message cannot be read.") from error
    return ProviderMessage(
        event_id=event.id,
        kind=event.type,
        reference=_intent_id(event.data.object),
        payment_id=_named_in(event.data.object.get("metadata"), "payment_id"),
        is_setback=event.data.object.get("status")
        in SETBACKS.get(str(event.data.object.get("object")), ()),
        call_reference=_refund_id(event.data.object),
        dispute=_dispute(event.data.object),
        refund=_refund(event.data.object),
    )


def _refund_id(about: dict[str, Any]) -> str:
    return str(about.get("id", "")) if about.get("object") == "refund" else ""


def _dispute(about: dict[str, Any]) -> DisputeNews | None:
    """Read a dispute; a mere inquiry, which takes no money, is none."""
    status = str(about.get("status"))
    if about.get("object") != "dispute" or status.startswith("warning_"):
        return None
    try:
        told = convert(about, _Dispute)
        amount = minor_units(told.amount, told.currency.upper())
    except (msgspec.MsgspecError, DomainError):
        amount = 0
    return DisputeNews(
        # As it came: a name that cannot be kept is refused, not changed into another.
        reference=str(about.get("id") or ""),
        state=DISPUTE_STATES.get(status, DisputeState.OPENED),
        amount_minor=amount,
        reason=_text(about, "reason"),
        currency=_text(about, "currency").upper(),
    )


def _text(about: dict[str, Any], name: str) -> str:
    return kept(str(about.get(name) or ""))


def _refund(about: dict[str, Any]) -> RefundNews | None:
    """Read a refund that was made; our own carry the name of the call, those of Stripe's desk do not.

    What cannot be read to the last digit is left to the comparison with Stripe's reports.
    """
    if about.get("object") != "refund" or about.get("status") != "succeeded":
        return None
    try:
        told = convert(about, _Refund)
        currency = told.currency.upper()
        amount = minor_units(told.amount, currency)
    except (msgspec.MsgspecError, DomainError):
        return None
    return RefundNews(
        reference=told.id,
        amount_minor=amount,
        currency=currency,
        operation_id=_named_in(told.metadata, "operation_id"),
    )


def _signed_at(header: str) -> int:
    """Read the first time in the header, which is the one that the SDK has verified."""
    return next(int(part[2:]) for part in header.split(",") if part.startswith("t="))


def _intent_id(about: dict[str, Any]) -> str:
    found = (
        about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    )
    if isinstance(found, dict):
        found = found.get("id")
    return found if isinstance(found, str) else ""


def _named_in(metadata: object, name: str) -> UUID | None:
    """Read a name of ours that Stripe carries along."""
    text = metadata.get(name) if isinstance(metadata, dict) else None
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
