"""Read what PayPal tells us of its own accord."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.money import Money
from apps.payments.adapters.texts import kept
from apps.payments.domain.disputes import DisputeState
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SETBACKS = frozenset(
    {"PAYMENT.AUTHORIZATION.VOIDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.FAILED"}
)
"""What it says of something whose success did not last; a void that we asked for says so, too."""
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
OUTCOMES = {
    "RESOLVED_BUYER_FAVOUR": DisputeState.LOST,
    "RESOLVED_SELLER_FAVOUR": DisputeState.WON,
    "RESOLVED_WITH_PAYOUT": DisputeState.WON,
    "CANCELED_BY_BUYER": DisputeState.WON,
    "DENIED": DisputeState.WON,
}
"""What the end of a dispute means for us: with a payout PayPal pays the customer itself."""
LONGEST_FACT = 128


class _Unit(msgspec.Struct, frozen=True):
    custom_id: str = ""


class _Transaction(msgspec.Struct, frozen=True):
    seller_transaction_id: str = ""
    custom: str = ""


class _Amount(msgspec.Struct, frozen=True):
    currency_code: str = ""
    value: str = ""


class _Outcome(msgspec.Struct, frozen=True):
    outcome_code: str = ""


class _RelatedIds(msgspec.Struct, frozen=True):
    order_id: str = ""
    authorization_id: str = ""
    capture_id: str = ""


class _Supplement(msgspec.Struct, frozen=True):
    related_ids: _RelatedIds = _RelatedIds()


class _Resource(msgspec.Struct, frozen=True):
    id: str = ""
    status: str = ""
    custom_id: str = ""
    invoice_id: str = ""
    amount: _Amount = _Amount()
    purchase_units: list[_Unit] = []
    supplementary_data: _Supplement = _Supplement()
    dispute_id: str = ""
    reason: str = ""
    dispute_amount: _Amount = _Amount()
    disputed_transactions: list[_Transaction] = []
    dispute_outcome: _Outcome = _Outcome()


class _Event(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    resource: _Resource


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
        payment_id=_payment_id(event.resource),
        is_setback=event.event_type in SETBACKS,
        call_reference=_call_named(event, names),
        facts=_facts(event, names),
        dispute=_dispute(event),
        refund=_refund(event),
        was_done=ENDS_OF_CALLS.get(event.event_type),
    )


def _call_named(event: _Event, names: Mapping[str, str]) -> str:
    """Give PayPal's name of the refund or the charge that a message is about."""
    is_of_charge = event.event_type in ENDS_OF_CALLS and "refund" not in names
    return names.get("refund") or (names.get("capture", "") if is_of_charge else "")


def _dispute(event: _Event) -> DisputeNews | None:
    """Read where a dispute stands; one that ended in a way we do not know stays open, for a person."""
    about = event.resource
    if not event.event_type.startswith(DISPUTE) or not about.dispute_id:
        return None
    told = about.dispute_amount
    try:
        amount_minor = Money.parse(told.value, told.currency_code).amount_minor
    except DomainError:
        amount_minor = 0
    return DisputeNews(
        reference=about.dispute_id,
        state=OUTCOMES.get(about.dispute_outcome.outcome_code, DisputeState.OPENED),
        amount_minor=amount_minor,
        reason=kept(about.reason.lower()),
        currency=kept(told.currency_code),
    )


def _refund(event: _Event) -> RefundNews | None:
    """Read a refund that was made; the invoice of ours is the call, that of PayPal's desk is none of it."""
    about = event.resource
    if event.event_type != REFUNDED or about.status != "COMPLETED" or not about.id:
        return None
    try:
        amount = Money.parse(about.amount.value, about.amount.currency_code)
    except DomainError:
        return None
    return RefundNews(
        reference=about.id,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        operation_id=_uuid(about.invoice_id),
    )


def _names(event: _Event) -> Mapping[str, str]:
    """Give the names of all that a message is about, by what each of them is."""
    about, related = event.resource, event.resource.supplementary_data.related_ids
    names = {
        "order": related.order_id,
        "authorization": related.authorization_id,
        "capture": related.capture_id,
    }
    kind = event.event_type
    if kind.startswith(DISPUTE):
        transactions = about.disputed_transactions
        names["dispute"] = about.dispute_id
        names["capture"] = transactions[0].seller_transaction_id if transactions else ""
    elif kind.startswith("CHECKOUT.ORDER."):
        names["order"] = about.id
    elif kind.startswith("PAYMENT.AUTHORIZATION."):
        names["authorization"] = about.id
    elif kind == REFUNDED:
        # It shows the money that went back, not the capture.
        names["refund"] = about.id
    elif kind == "PAYMENT.CAPTURE.REVERSED":
        names["reversal"] = about.id
    elif kind.startswith("PAYMENT.CAPTURE."):
        names["capture"] = about.id
    elif kind.startswith("PAYMENT.REFUND."):
        names["refund"] = about.id
    return names


def _facts(event: _Event, names: Mapping[str, str]) -> dict[str, str]:
    """Give what is worth keeping: names, states and sums, and nothing about persons."""
    about = event.resource
    found = {"event": event.event_type, "status": about.status, **names}
    if event.event_type.startswith(DISPUTE):
        amount = about.dispute_amount
        found |= {
            "reason": about.reason,
            "amount": amount.value,
            "currency": amount.currency_code,
        }
    return {key: kept(value, LONGEST_FACT) for key, value in found.items() if value}


def _payment_id(about: _Resource) -> UUID | None:
    """Read our own name of the payment, which PayPal carries along in different places."""
    candidates = [
        about.custom_id,
        *(unit.custom_id for unit in about.purchase_units),
        *(transaction.custom for transaction in about.disputed_transactions),
    ]
    return next(filter(None, map(_uuid, candidates)), None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
