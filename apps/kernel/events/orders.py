"""Facts published by orders. Their story is the order's."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from apps.kernel.events.base import Event
from apps.kernel.identifiers import CustomerId, OrderId, RefundId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedItem:
    """One SKU of an order; the price is that of one unit, in minor units."""

    sku: str
    name: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(Event):
    """A fact about one order."""

    aggregate_type: ClassVar[str] = "order"
    order_id: OrderId

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.order_id

    @property
    def key(self) -> uuid.UUID:
        return self.order_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated(OrderEvent):
    """An order was placed; neither stock nor payment is known yet."""

    number: str
    customer_id: CustomerId
    currency: str
    total_minor: int
    country: str
    items: tuple[OrderedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAlternative:
    """Another provider that could take the money, and the token that it knows."""

    provider: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentPending(OrderEvent):
    """Stock is held; the order waits for its payment.

    `rule` is the one that chose the provider, empty where it was asked for by name; `alternatives`
    are those that could take its place, the preferred one first.
    """

    version: ClassVar[int] = 2
    number: str
    customer_id: CustomerId
    currency: str
    total_minor: int
    provider: str
    method_type: str
    method_token: str
    rule: str = ""
    alternatives: tuple[PaymentAlternative, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeld(OrderEvent):
    """An authorised order waits for a person's review."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(OrderEvent):
    """Stock and money are both promised: the order will be fulfilled."""

    number: str
    customer_id: CustomerId
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancellationRequested(OrderEvent):
    """The order is being called off; whoever holds something for it gives it back."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(OrderEvent):
    """The order is off and nothing is owed for it any more.

    `detail` is a plain sentence in English, empty where the reason says it all. `code` is why the payment
    failed, as payments has told it, for whoever says it in other words; empty where no payment did.
    """

    version: ClassVar[int] = 2
    number: str
    customer_id: CustomerId
    reason: str
    detail: str
    short_skus: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedUnits:
    """Units of one SKU that money goes back for."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundRequested(OrderEvent):
    """Money of an order that goes on is to go back; `wanted_minor` is all that was asked for so far.

    `units` is what it goes back for, if it is for any units.
    """

    version: ClassVar[int] = 2
    refund_id: RefundId
    amount_minor: int
    wanted_minor: int
    currency: str
    units: tuple[RefundedUnits, ...]
