"""Read what PayPal tells us of its own accord."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import PaymentId, read_id
from apps.payments.adapters.paypal.amounts import read_paypal_amount
from apps.payments.adapters.texts import kept, text_at
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SETBACKS = {
    "PAYMENT.AUTHORIZATION.VOIDED": OperationKind.AUTHORIZE,
    "PAYMENT.REFUND.FAILED": OperationKind.REFUND,
}
"""What it says of something whose success did not last, and of which kind of call; a void that we asked
for says so, too."""
REFUNDED = "PAYMENT.CAPTURE.REFUNDED"
ENDS_OF_CALLS = {
    "PAYMENT.AUTHORIZATION.CREATED": True,
    "PAYMENT.AUTHORIZATION.DENIED": False,
    "PAYMENT.CAPTURE.COMPLETED": True,
    "PAYMENT.CAPTURE.DECLINED": False,
    REFUNDED: True,
    "PAYMENT.REFUND.FAILED": False,
}
"""What tells how a call of ours ended, and whether it was carried out."""
DISPUTE = "CUSTOMER.DISPUTE."
REVERSED = "PAYMENT.CAPTURE.REVERSED"
TAKEN_BACK = "reversed by the payer's bank"
"""Why, where PayPal tells of no dispute: in our words, since it has none for it."""
OUTCOMES = {
    "RESOLVED_BUYER_FAVOUR": DisputeState.LOST,
    "RESOLVED_SELLER_FAVOUR": DisputeState.WON,
    "RESOLVED_WITH_PAYOUT": DisputeState.WON,
    "CANCELED_BY_BUYER": DisputeState.WON,
    "DENIED": DisputeState.WON,
}
"""What the end of a dispute means for us: with a payout PayPal pays the customer itself."""
LONGEST_FACT = 128


class _Resource(msgspec.Struct, frozen=True):
    """What a message is about. Any of it may be missing, null, or other than PayPal's files say."""

    id: Any = None
    status: Any = None
    custom_id: Any = None
    invoice_id: Any = None
    amount: Any = None
    purchase_units: Any = None
    supplementary_data: Any = None
    dispute_id: Any = None
    reason: Any = None
    dispute_amount: Any = None
    disputed_transactions: Any = None
    dispute_outcome: Any = None


class _Event(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    create_time: Any = None
    resource: _Resource | None = None

    @property
    def about(self) -> _Resource:
        """What it is about, and nothing where it says nothing of that."""
        return self.resource or _Resource()


def read_event(body: bytes) -> ProviderMessage:
    """Say which payment a message is about, and what it tells; whose it is has to be checked, too.

    Raises:
        MessageRefused: it is not JSON as PayPal writes it.
    """
    try:
        event = decode(body, _Event)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MessageRefused("The message cannot be read.") from error
    names = _names(event)
    return ProviderMessage(
        event_id=event.id,
        kind=event.event_type,
        reference=names.get("authorization") or names.get("order") or "",
        payment_id=_payment_id(event.about),
        setback_of=SETBACKS.get(event.event_type),
        call_reference=_call_named(event, names),
        facts=_facts(event, names),
        dispute=_reversal(event) if event.event_type == REVERSED else _dispute(event),
        refund=_refund(event),
        was_done=ENDS_OF_CALLS.get(event.event_type),
    )


def _call_named(event: _Event, names: Mapping[str, str]) -> str:
    """Give PayPal's name of the refund or the charge that a message is about."""
    is_of_charge = event.event_type in ENDS_OF_CALLS and "refund" not in names
    return names.get("refund") or (names.get("capture", "") if is_of_charge else "")


def _dispute(event: _Event) -> DisputeNews | None:
    """Read where a dispute stands; one that ended in a way we do not know stays open, for a person."""
    about = event.about
    if not event.event_type.startswith(DISPUTE):
        return None
    return DisputeNews(
        reference=text_at(about.dispute_id),
        state=OUTCOMES.get(text_at(about.dispute_outcome, "outcome_code"), DisputeState.OPENED),
        amount_minor=_minor_of(about.dispute_amount),
        reason=kept(text_at(about.reason).lower()),
        currency=kept(_amount_of(about.dispute_amount)[1]),
    )


def _reversal(event: _Event) -> DisputeNews:
    """Read that the payer's bank took a charge back: whether for good, it does not say."""
    about = event.about
    return DisputeNews(
        reference=text_at(about.id),
        state=DisputeState.OPENED,
        amount_minor=_minor_of(about.amount),
        reason=TAKEN_BACK,
        currency=kept(_amount_of(about.amount)[1]),
        is_reversal=True,
        happened_at=_time_of(event.create_time),
    )


def _refund(event: _Event) -> RefundNews | None:
    """Read a refund that was made; the invoice of ours is the call, that of PayPal's desk is none of it."""
    about = event.about
    if event.event_type != REFUNDED or about.status != "COMPLETED":
        return None
    try:
        amount = read_paypal_amount(*_amount_of(about.amount))
    except DomainError:
        return None
    return RefundNews(
        reference=text_at(about.id),
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        operation_id=read_id(OperationId, text_at(about.invoice_id)),
    )


def _names(event: _Event) -> Mapping[str, str]:
    """Give the names of all that a message is about, by what each of them is."""
    about, own = event.about, text_at(event.about.id)
    names = {
        name: text_at(about.supplementary_data, "related_ids", f"{name}_id")
        for name in ("order", "authorization", "capture")
    }
    kind = event.event_type
    if kind.startswith(DISPUTE):
        charges = [
            text_at(one, "seller_transaction_id") for one in _list(about.disputed_transactions)
        ]
        names["dispute"] = text_at(about.dispute_id)
        names["capture"] = charges[0] if charges else ""
    elif kind.startswith("CHECKOUT.ORDER."):
        names["order"] = own
    elif kind.startswith("PAYMENT.AUTHORIZATION."):
        names["authorization"] = own
    elif kind == REFUNDED:
        # It shows the money that went back, not the capture.
        names["refund"] = own
    elif kind == REVERSED:
        names["reversal"] = own
    elif kind.startswith("PAYMENT.CAPTURE."):
        names["capture"] = own
    elif kind.startswith("PAYMENT.REFUND."):
        names["refund"] = own
    return names


def _facts(event: _Event, names: Mapping[str, str]) -> dict[str, str]:
    """Give what is worth keeping: names, states and sums, and nothing about persons."""
    about = event.about
    found = {"event": event.event_type, "status": text_at(about.status), **names}
    if event.event_type.startswith(DISPUTE):
        value, currency = _amount_of(about.dispute_amount)
        found |= {"reason": text_at(about.reason), "amount": value, "currency": currency}
    return {key: kept(value, LONGEST_FACT) for key, value in found.items() if value}


def _payment_id(about: _Resource) -> PaymentId | None:
    """Read our own name of the payment, which PayPal carries along in different places."""
    candidates = [
        text_at(about.custom_id),
        *(text_at(unit, "custom_id") for unit in _list(about.purchase_units)),
        *(text_at(transaction, "custom") for transaction in _list(about.disputed_transactions)),
    ]
    found = (read_id(PaymentId, text) for text in candidates)
    return next(filter(None, found), None)


def _amount_of(told: object) -> tuple[str, str]:
    """Give value and currency as they are written."""
    return text_at(told, "value"), text_at(told, "currency_code")


def _minor_of(told: object) -> int:
    """Read an amount in minor units; 0 where it cannot be read."""
    try:
        return read_paypal_amount(*_amount_of(told)).amount_minor
    except DomainError:
        return 0


def _time_of(told: object) -> datetime | None:
    """Read a time; None where it cannot be read, or is in no time zone."""
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _list(told: object) -> list[Any]:
    return told if isinstance(told, list) else []
