"""Accept an order, before stock and payment are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.kernel.address import Address
from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderCreated, OrderedItem
from apps.kernel.identifiers import new_id
from apps.kernel.money import Money
from apps.orders.domain.placement import OrderedLine, merge_lines, refuse_unsupported
from apps.orders.domain.refusals import PriceChanged, UnknownSku
from apps.orders.domain.statuses import OrderStatus
from apps.orders.domain.totals import totals_of
from apps.orders.models import Order, OrderItem, OrderStep
from apps.orders.services.order_numbers import next_order_number
from apps.platform.bulk import insert_together, literal
from apps.platform.outbox.publishing import Fact, publish

_PRICES = """
SELECT sku, name, (prices_minor ->> %s)::bigint FROM orders_listedproduct
WHERE sku = ANY(%s::varchar[]) AND active
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a customer asks for; unit prices are what the customer saw, where given."""

    customer_id: UUID
    currency: str
    lines: Sequence[OrderedLine]
    shipping_method: str
    shipping_address: Address
    payment_provider: str
    payment_method_type: str
    payment_token: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order just placed, with its items."""

    order: Order
    items: Sequence[OrderItem]


def place_order(*, placement: Placement, cause: Cause, region: str, now: datetime) -> PlacedOrder:
    """Write the order with its items and publish OrderCreated; stock and payment follow.

    Prices come from the price list alone. Lines of one SKU are merged. Placing twice makes two
    orders: the door keeps repeated requests apart by their idempotency key. It runs in the
    caller's transaction where there is one.

    Raises:
        InvalidItems, UnsupportedChoice: the request can never be filled.
        UnknownSku: a SKU is not listed, inactive or has no price in the currency.
        PriceChanged: a unit price given is not the listed one.
    """
    lines = merge_lines(placement.lines)
    refuse_unsupported(
        currency=placement.currency,
        shipping_method=placement.shipping_method,
        payment_method_type=placement.payment_method_type,
        payment_provider=placement.payment_provider,
        providers=settings.OMS_GATEWAYS,
    )
    priced = price_lines(lines, placement.currency)
    totals = totals_of(
        [(line.quantity, product.price_minor) for line, product in priced],
        currency=placement.currency,
        shipping_method=placement.shipping_method,
    )
    order = Order(
        id=new_id(),
        number=next_order_number(),
        customer_id=placement.customer_id,
        status=OrderStatus.CREATED,
        currency=placement.currency,
        items_minor=totals.items_minor,
        discounts_minor=totals.discounts_minor,
        shipping_minor=totals.shipping_minor,
        tax_minor=totals.tax_minor,
        total_minor=totals.grand_minor,
        shipping_method=placement.shipping_method,
        shipping_address=placement.shipping_address.as_dict(),
        payment_provider=placement.payment_provider,
        payment_method_type=placement.payment_method_type,
        payment_token=placement.payment_token,
        metadata=placement.metadata,
        region=region,
        placed_by=cause.actor,
        created_at=now,
        updated_at=now,
    )
    items = [
        OrderItem(
            order_id=order.id,
            position=position,
            sku=line.sku,
            name=product.name,
            quantity=line.quantity,
            unit_price_minor=product.price_minor,
        )
        for position, (line, product) in enumerate(priced, start=1)
    ]
    with transaction.atomic(savepoint=False):
        insert_together([order], items, [_first_step(order, cause)])
        publish([Fact(event=_fact(order, items), seq=order.version, cause=cause)])
    return PlacedOrder(order=order, items=items)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What the price list says of one SKU in one currency, in minor units."""

    name: str
    price_minor: int


def price_lines(lines: Sequence[OrderedLine], currency: str) -> list[tuple[OrderedLine, ListPrice]]:
    """Look every line up in the price list, in one statement.

    Raises:
        UnknownSku, PriceChanged: see `place_order`; the first line at fault is named.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PRICES, [currency, literal(line.sku for line in lines)])
        listed = {sku: (name, price) for sku, name, price in cursor.fetchall()}
    priced = []
    for position, line in enumerate(lines):
        name, price = listed.get(line.sku, ("", None))
        if price is None:
            raise UnknownSku(
                f"{line.sku} is not for sale in {currency}.",
                pointer=f"/items/{position}/sku",
                sku=line.sku,
            )
        if line.unit_price_minor is not None and line.unit_price_minor != price:
            current = Money(price, currency)
            raise PriceChanged(
                f"The price of {line.sku} is {current.decimal_string} {currency} now.",
                pointer=f"/items/{position}/unit_price",
                sku=line.sku,
                current_price={"amount": current.decimal_string, "currency": currency},
            )
        priced.append((line, ListPrice(name, price)))
    return priced


def _first_step(order: Order, cause: Cause) -> OrderStep:
    return OrderStep(
        order_id=order.id,
        position=1,
        at=order.created_at,
        from_status="",
        to_status=order.status,
        what="Order placed",
        actor=cause.actor,
        causation_id=cause.causation_id or "",
        correlation_id=cause.correlation_id,
    )


def _fact(order: Order, items: Sequence[OrderItem]) -> OrderCreated:
    return OrderCreated(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        currency=order.currency,
        total_minor=order.total_minor,
        country=order.shipping_address["country"],
        items=tuple(
            OrderedItem(
                sku=item.sku,
                name=item.name,
                quantity=item.quantity,
                unit_price_minor=item.unit_price_minor,
            )
            for item in items
        ),
    )
