"""Read what Stripe tells us of its own accord."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import stripe

from apps.kernel.decoding import convert, decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import PaymentId, read_id
from apps.payments.adapters.stripe.amounts import minor_units
from apps.payments.adapters.texts import kept, text_at
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SIGNATURE_HEADER = "stripe-signature"
TOLERANCE_SECONDS = 300
"""How old a message may be, as Stripe advises. Each delivery is signed anew, retries included."""

SETBACKS = {
    ("payment_intent", "canceled"): OperationKind.AUTHORIZE,
    ("refund", "failed"): OperationKind.REFUND,
    ("refund", "canceled"): OperationKind.REFUND,
}
"""What it says of an object whose success did not last, and of which kind of call; one that we dropped
ourselves says so, too."""


DISPUTE_STATES = {
    "won": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
"""How Stripe says that a dispute is decided; of a `prevented` one the money never went."""


class _Amount(msgspec.Struct, frozen=True):
    amount: int
    currency: str


class _Data(msgspec.Struct, frozen=True):
    object: dict[str, Any] | None = None


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _Data | None = None

    @property
    def about(self) -> dict[str, Any]:
        """What it is about, and nothing where it says nothing of that."""
        return (self.data.object if self.data else None) or {}


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
    about = event.about
    return ProviderMessage(
        event_id=event.id,
        kind=event.type,
        reference=_intent_id(about),
        payment_id=read_id(PaymentId, _named_in(about.get("metadata"), "payment_id")),
        setback_of=SETBACKS.get((str(about.get("object")), str(about.get("status")))),
        call_reference=text_at(about, "id") if about.get("object") == "refund" else "",
        dispute=_dispute(about),
        refund=_refund(about),
    )


def _dispute(about: dict[str, Any]) -> DisputeNews | None:
    """Read a dispute; a mere inquiry, which takes no money, is none."""
    status = str(about.get("status"))
    if about.get("object") != "dispute" or status.startswith("warning_"):
        return None
    try:
        amount, _ = _amount(about)
    except (msgspec.MsgspecError, DomainError):
        amount = 0
    return DisputeNews(
        # As it came: a name that cannot be kept is refused, not changed into another.
        reference=text_at(about, "id"),
        state=DISPUTE_STATES.get(status, DisputeState.OPENED),
        amount_minor=amount,
        reason=_text(about, "reason"),
        currency=_text(about, "currency").upper(),
    )


def _amount(about: dict[str, Any]) -> tuple[int, str]:
    """Read an amount, in minor units, and its currency.

    Raises:
        msgspec.ValidationError, UnknownCurrency: it cannot be read.
    """
    told = convert(about, _Amount)
    currency = told.currency.upper()
    return minor_units(told.amount, currency), currency


def _text(about: dict[str, Any], name: str) -> str:
    return kept(str(about.get(name) or ""))


def _refund(about: dict[str, Any]) -> RefundNews | None:
    """Read a refund that was made; our own carry the name of the call, those of Stripe's desk do not.

    What cannot be read to the last digit is left to the comparison with Stripe's reports.
    """
    if about.get("object") != "refund" or about.get("status") != "succeeded":
        return None
    try:
        amount, currency = _amount(about)
    except (msgspec.MsgspecError, DomainError):
        return None
    return RefundNews(
        reference=text_at(about, "id"),
        amount_minor=amount,
        currency=currency,
        operation_id=read_id(OperationId, _named_in(about.get("metadata"), "operation_id")),
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


def _named_in(metadata: object, name: str) -> str:
    """Read a name of ours that Stripe carries along; empty where it carries none."""
    text = metadata.get(name) if isinstance(metadata, dict) else None
    return text if isinstance(text, str) else ""
