"""What storefronts send and get, as types; the schema is made from them."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.orders.domain.payment_choice import AUTO
from apps.orders.domain.placement import (
    CURRENCIES,
    LEAST_QUANTITY,
    MOST_LINES,
    MOST_QUANTITY,
    PAYMENT_METHODS,
)
from apps.orders.domain.statuses import OrderStatus
from apps.orders.domain.totals import SHIPPING_MINOR
from apps.platform.web.bodies import Amount, Instant

# What `extra_json_schema` says is told to callers here and refused by the use cases, in words of their own.
Text = Annotated[str, Meta(max_length=100)]
NeededText = Annotated[Text, Meta(extra_json_schema={"minLength": 1})]
# Printable ASCII: it travels in the headers and addresses of the provider's requests. Adyen takes an Apple Pay
# token of up to 10,000 characters; real ones have some 5,000.
Token = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=r"^[!-~]*$(?!\n)")]


ProviderName = Annotated[str, Meta(max_length=32, pattern=r"^[a-z0-9_-]+$(?!\n)")]


class ItemBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line: a SKU and how many; `unit_price` is what the customer saw, checked if given."""

    sku: Annotated[str, Meta(min_length=1, max_length=64, examples=["SKU-0001"])]
    # What is outside, the use case refuses by a name of its own, as it does with too many lines.
    quantity: Annotated[
        int,
        Meta(
            examples=[2],
            extra_json_schema={"minimum": LEAST_QUANTITY, "maximum": MOST_QUANTITY},
        ),
    ]
    unit_price: Amount | None = None


class AddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the parcels go."""

    name: Annotated[NeededText, Meta(examples=["Ada Example"])]
    line1: Annotated[NeededText, Meta(examples=["Lindenweg 1"])]
    city: Annotated[NeededText, Meta(examples=["Berlin"])]
    country: Annotated[str, Meta(min_length=2, max_length=2, examples=["DE"])]
    postal_code: Annotated[Text, Meta(examples=["10115"])] = ""
    line2: Text = ""
    region: Text = ""
    phone: Text = ""
    company: Text = ""


class ShippingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How and where to deliver."""

    method: Annotated[
        str,
        Meta(
            max_length=32,
            examples=["standard"],
            extra_json_schema={"enum": sorted(SHIPPING_MINOR)},
        ),
    ]
    address: AddressBody


class MethodBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment method as its provider's token; never a card number.

    One `token` goes with a named provider. Where the provider is to be chosen, `tokens` has one for
    each that may be.
    """

    type: Annotated[
        str,
        Meta(
            max_length=32,
            examples=["card"],
            extra_json_schema={"enum": sorted(PAYMENT_METHODS)},
        ),
    ]
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
    """Who takes the money, and from what; by `auto` the rules of the shop choose.

    A named provider has to take the type of the method: PayPal takes no `card`.
    """

    provider: Annotated[str, Meta(max_length=32, examples=["sandbox", AUTO])] = AUTO
    method: MethodBody


class PlaceOrderBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order.

    Attributes:
        customer_id: who orders; a customer's token may leave it out. A service names whoever it is, and is
            taken at its word: an order may come before its customer is registered, and mail about
            it waits until then.
    """

    customer_id: CustomerId | None = None
    currency: Annotated[
        str,
        Meta(
            min_length=3,
            max_length=3,
            examples=["EUR"],
            extra_json_schema={"enum": sorted(CURRENCIES)},
        ),
    ]
    items: Annotated[list[ItemBody], Meta(min_length=1, extra_json_schema={"maxItems": MOST_LINES})]
    shipping: ShippingBody
    payment: PaymentBody
    metadata: Annotated[dict[Annotated[str, Meta(max_length=64)], Any], Meta(max_length=50)] = {}


class CancelBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the order is called off, in the caller's words."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class OrderQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders to list."""

    cursor: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    status: Annotated[str, Meta(extra_json_schema={"enum": list(OrderStatus)})] | None = None
    customer_id: CustomerId | None = None
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

    id: PaymentId | None
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


class LinksDocument(Struct, frozen=True, kw_only=True, rename={"itself": "self"}):
    """Where to go on from here."""

    itself: str
    timeline: str
    cancel: str
    refunds: str


class OrderDocument(Struct, frozen=True, kw_only=True):
    """An order."""

    id: OrderId
    number: str
    status: Annotated[str, Meta(extra_json_schema={"enum": list(OrderStatus)})]
    customer_id: CustomerId
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
