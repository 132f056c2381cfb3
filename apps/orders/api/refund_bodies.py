"""What callers send and get to give money of an order back, as types; the schema is made from them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from apps.kernel.identifiers import OrderId, RefundId
from apps.orders.api.bodies import MoneyDocument
from apps.orders.models.refunds import RefundStatus
from apps.platform.web.bodies import Amount, Instant
from apps.platform.web.sums import SumBody


class RefundItemBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU that money goes back for."""

    sku: Annotated[str, Meta(min_length=1, max_length=64, examples=["SKU-0001"])]
    quantity: Annotated[int, Meta(ge=1, le=999, examples=[1])]


class RefundBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes back: an `amount`, or what `items` cost with their share of shipping, tax and discounts.

    Without either, all that is left. `reason` is for the record, in the caller's words.
    """

    # What is null is left out by mistake, and would give everything back.
    amount: Annotated[Amount, Meta(examples=["19.90"])] | SumBody | UnsetType = UNSET
    items: Annotated[list[RefundItemBody], Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=200)] = ""


class RefundLineDocument(Struct, frozen=True, kw_only=True):
    """Units of a line that money goes back for, with what they give back."""

    sku: str
    quantity: int
    amount: MoneyDocument


class RefundDocument(Struct, frozen=True, kw_only=True):
    """Money that goes back: `requested`, `failing` (it is tried again), `done` or `not_owed`.

    `not_owed` is one of which nothing more goes back, since the customer's bank took it back: the amount
    `not_owed`, which may be a part of it. The rest went back.
    """

    id: RefundId
    order_id: OrderId
    status: Annotated[str, Meta(extra_json_schema={"enum": RefundStatus.values})]
    amount: MoneyDocument
    not_owed: MoneyDocument | None
    items: list[RefundLineDocument]
    reason: str
    created_at: Instant
    updated_at: Instant


class CreditNoteDocument(Struct, frozen=True, kw_only=True):
    """The numbered document of money that went back; of one refund, or of several that went together.

    `cancelled_by` is the number of the receipt that takes it back, where the money did not arrive.
    """

    number: Annotated[str, Meta(examples=["C-2026-000001"])]
    amount: MoneyDocument
    issued_at: Instant
    cancelled_by: str | None


class RefundsDocument(Struct, frozen=True, kw_only=True):
    """The refunds of an order and the credit notes for them, oldest first.

    A credit note gets its number within a minute or so after the money went back.
    """

    results: list[RefundDocument]
    credit_notes: list[CreditNoteDocument]
