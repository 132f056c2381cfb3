"""What storefronts send and get, as types; the schema is made from them."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from apps.orders.domain.payment_choice import AUTO
from apps.platform.web.bodies import Instant

Text = Annotated[str, Meta(max_length=100)]
# Printable ASCII: it travels in the headers and addresses of the provider's requests.
Token = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[!-~]*$(?!\n)")]


ProviderName = Annotated[str, Meta(max_length=32, pattern=r"^[a-z0-9_-]+$(?!\n)")]


class ItemBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line: a SKU and how many; `unit_price` is what the customer saw, checked if given."""

    sku: Annotated[str, Meta(min_length=1, max_length=64, examples=["SKU-0001"])]
    quantity: Annotated[int, Meta(ge=1, le=999, examples=[2])]
    unit_price: Annotated[str, Meta(max_length=20)] | None = None


class AddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the parcels go."""

    name: Text
    line1: Text
    city: Text
    country: Annotated[str, Meta(min_length=2, max_length=2, examples=["DE"])]
    postal_code: Text = ""
    line2: Text = ""
    region: Text = ""
    phone: Text = ""
    company: Text = ""


class ShippingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How and where to deliver."""

    method: Annotated[str, Meta(max_length=32, examples=["standard"])]
    address: AddressBody


class MethodBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment method as its provider's token; never a card number.

    One `token` goes with a named provider. Where the provider is to be chosen, `tokens` has one for
    each that may be.
    """

    type: Annotated[str, Meta(max_length=32, examples=["card"])]
    token: Token | None = None
    tokens: (
        Annotated[
            dict[ProviderName, Token],
            Meta(
                min_length=1,
                max_length=10,
                examples=[{"stripe": "pm_card_visa", "adyen": "stored_card_authorised"}],
            ),
        ]
        | None
    ) = None


class PaymentBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes the money, and from what; by `auto` the rules of the shop choose."""

    provider: Annotated[str, Meta(max_length=32, examples=["sandbox", AUTO])] = AUTO
    method: MethodBody


class PlaceOrderBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order.

    Attributes:
        customer_id: who orders; a customer's token may leave it out. A service names whoever it is, and is
            taken at its word: an order may come before its customer is registered, and mail about
            it waits until then.
    """

    customer_id: UUID | None = None
    currency: Annotated[str, Meta(min_length=3, max_length=3, examples=["EUR"])]
    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=200)]
    shipping: ShippingBody
    payment: PaymentBody
    metadata: Annotated[dict[Annotated[str, Meta(max_length=64)], Any], Meta(max_length=50)] = {}


class CancelBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the order is called off, in the caller's words."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class RefundItemBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU that money goes back for."""

    sku: Annotated[str, Meta(min_length=1, max_length=64, examples=["SKU-0001"])]
    quantity: Annotated[int, Meta(ge=1, le=999, examples=[1])]


class RefundBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes back: an `amount`, or what `items` cost with their share of shipping, tax and discounts.

    Without either, all that is left. `reason` is for the record, in the caller's words.
    """

    amount: Annotated[str, Meta(max_length=20, examples=["19.90"])] | None = None
    items: Annotated[list[RefundItemBody], Meta(min_length=1, max_length=200)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class OrderQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders to list."""

    cursor: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    status: str | None = None
    customer_id: UUID | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None


class MoneyDocument(Struct, frozen=True, kw_only=True):
    """An amount as a decimal string, and its currency."""

    amount: str
    currency: str


class ItemDocument(Struct, frozen=True, kw_only=True):
    """One line of an order."""

    sku: str
    name: str
    quantity: int
    unit_price: MoneyDocument
    line_total: MoneyDocument


class TotalsDocument(Struct, frozen=True, kw_only=True):
    """The sums of an order: items − discounts + shipping + tax = grand total."""

    items: MoneyDocument
    discounts: MoneyDocument
    shipping: MoneyDocument
    tax: MoneyDocument
    grand_total: MoneyDocument


class PaymentDocument(Struct, frozen=True, kw_only=True):
    """What the order knows of its payment; `action_url` is where the customer approves it.

    `id` is null until the payment has an answer.
    """

    id: UUID | None
    provider: str
    method_type: str
    status: str
    action_url: str | None


class CancellationDocument(Struct, frozen=True, kw_only=True):
    """Why the order was called off."""

    reason: str
    detail: str


class StepDocument(Struct, frozen=True, kw_only=True):
    """One row of the order's history."""

    position: int
    at: Instant
    what: str
    from_status: str
    to_status: str
    actor: str


class TimelineDocument(Struct, frozen=True, kw_only=True):
    """The history of an order, oldest first."""

    results: list[StepDocument]


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

    id: UUID
    order_id: UUID
    status: str
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


class LinksDocument(Struct, frozen=True, kw_only=True, rename={"itself": "self"}):
    """Where to go on from here."""

    itself: str
    timeline: str
    cancel: str
    refunds: str


class OrderDocument(Struct, frozen=True, kw_only=True):
    """An order."""

    id: UUID
    number: str
    status: str
    customer_id: UUID
    currency: str
    items: list[ItemDocument]
    totals: TotalsDocument
    shipping_method: str
    payment: PaymentDocument
    cancellation: CancellationDocument | None
    metadata: dict[str, Any]
    created_at: Instant
    updated_at: Instant
    links: LinksDocument


class OrderDetailDocument(OrderDocument, frozen=True, kw_only=True):
    """An order with its address, payments, shipments and history."""

    shipping_address: dict[str, str]
    payments: list[PaymentDocument]
    shipments: list[dict[str, Any]]
    timeline: list[StepDocument]
