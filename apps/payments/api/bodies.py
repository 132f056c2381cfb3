"""Payments as the API shows them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from apps.kernel.identifiers import OrderId, PaymentId
from apps.payments.models import PaymentStatus
from apps.platform.web.bodies import Amount, Instant
from apps.platform.web.sums import SumBody


class CaptureBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much to charge, with or without its currency; all that was authorised, if left out."""

    amount: Annotated[Amount, Meta(examples=["19.90"])] | SumBody | UnsetType = UNSET


class AmountDocument(Struct, frozen=True, kw_only=True):
    """An amount as a decimal string, and its currency."""

    amount: str
    currency: str


class OperationDocument(Struct, frozen=True, kw_only=True):
    """One call to the provider.

    `provider_code` is what the provider itself gave as the reason of a decline, where that may be told.
    """

    kind: str
    state: str
    amount: AmountDocument
    attempts: int
    reference: str
    error_code: str
    provider_code: Annotated[str, Meta(examples=["27 Refused"])]
    updated_at: Instant


class ReceiptDocument(Struct, frozen=True, kw_only=True):
    """A receipt for what was charged, or a credit note for what went back, with its number.

    `cancels` is the number of the document that it takes back, where that movement did not last.
    """

    number: Annotated[str, Meta(examples=["R-2026-000001"])]
    kind: Annotated[str, Meta(examples=["receipt"])]
    amount: AmountDocument
    moved_at: Instant
    issued_at: Instant
    cancels: str | None


class DisputeDocument(Struct, frozen=True, kw_only=True):
    """A charge, or a part of it, that the customer's bank took back or may take back.

    `state` is `opened`, `won` (the money stays with the shop) or `lost`; `reason` is in the provider's words.
    The currency may be another than the payment's.
    """

    state: Annotated[str, Meta(examples=["opened"])]
    amount: AmountDocument
    reason: Annotated[str, Meta(examples=["fraudulent"])]
    opened_at: Instant
    decided_at: Instant | None


class PaymentDetailDocument(Struct, frozen=True, kw_only=True):
    """The money of one order.

    What moved gets its number, and stands in `documents`, within a minute or so.
    """

    id: PaymentId
    order_id: OrderId
    order_number: str
    status: Annotated[str, Meta(extra_json_schema={"enum": PaymentStatus.values})]
    provider: str
    method_type: str
    brand: str
    last4: str
    amount: AmountDocument
    captured: AmountDocument
    refunded: AmountDocument
    action_url: str | None
    failure_code: str | None
    failure_detail: str | None
    operations: list[OperationDocument]
    documents: list[ReceiptDocument]
    disputes: list[DisputeDocument]


class ReceivedDocument(Struct, frozen=True, kw_only=True):
    """A message is safely stored; `is_new` is false for a repeated one."""

    is_new: bool
