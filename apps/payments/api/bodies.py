"""Payments as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class CaptureBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much to charge, as a decimal string; all that was authorised, if left out."""

    amount: Annotated[str, Meta(max_length=20, examples=["19.90"])] | None = None


class AmountDocument(Struct, frozen=True, kw_only=True):
    """An amount as a decimal string, and its currency."""

    amount: str
    currency: str


class OperationDocument(Struct, frozen=True, kw_only=True):
    """One call to the provider."""

    kind: str
    state: str
    amount: AmountDocument
    attempts: int
    reference: str
    error_code: str
    updated_at: datetime


class PaymentDetailDocument(Struct, frozen=True, kw_only=True):
    """The money of one order."""

    id: UUID
    order_id: UUID
    order_number: str
    status: str
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


class ReceivedDocument(Struct, frozen=True, kw_only=True):
    """A message is safely stored; `is_new` is false for a repeated one."""

    is_new: bool
