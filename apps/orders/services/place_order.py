"""Accept orders, before stock and payment are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from apps.kernel.address import Address
from apps.kernel.cause import Cause
from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.events.orders import OrderCreated, OrderedItem
from apps.kernel.identifiers import CustomerId, new_id
from apps.kernel.money import Money
from apps.orders.domain.payment_choice import PaymentWish, choose_payment
from apps.orders.domain.placement import (
    MOST_LINES,
    OrderedLine,
    merge_lines,
    refuse_unsupported,
)
from apps.orders.domain.refusals import (
    InvalidItems,
    PriceChanged,
    ProductInactive,
    UnknownSku,
    first_of,
)
from apps.orders.domain.statuses import OrderStatus
from apps.orders.domain.totals import MOST_MINOR, totals_of
from apps.orders.models import Order, OrderItem, OrderStep
from apps.orders.services.order_numbers import next_order_number
from apps.platform.bulk import insert_together, literal, new_row
from apps.platform.outbox.publishing import Fact, publish

_PRICES = """
SELECT sku, name, prices_minor::text, active FROM orders_listedproduct
WHERE sku = ANY(%s::varchar[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a customer asks for; unit prices are what the customer saw, where given."""

    customer_id: CustomerId
    currency: str
    lines: Sequence[OrderedLine]
    shipping_method: str
    shipping_address: Address
    payment: PaymentWish
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """A placement, with what led to it and when."""

    placement: Placement
    cause: Cause
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedOrder:
    """An order that can be placed, with its items; not written yet."""

    order: Order
    items: Sequence[OrderItem]
    cause: Cause


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What the price list says of one SKU: its name, minor units by currency, and whether it is for sale."""

    name: str
    prices_minor: Mapping[str, int]
    is_active: bool


def place_order(*, placement: Placement, cause: Cause, now: datetime) -> DraftedOrder:
    """Write one order with its items and publish OrderCreated; stock and payment follow.

    Placing twice makes two orders: the door keeps repeated requests apart by their idempotency key.

    Raises:
        InvalidItems, TooManyLines, QuantityOutOfRange, UnsupportedChoice, NoProviderFits: the request
            can never be filled.
        UnknownSku: a SKU is not listed, or has no price in the currency.
        ProductInactive: a SKU is not for sale now.
        PriceChanged: a unit price given is not the listed one.
    """
    (draft,) = draft_orders([AskedFor(placement=placement, cause=cause, now=now)])
    if isinstance(draft, DomainError):
        raise draft
    save_orders([draft])
    return draft


def draft_orders(asked: Sequence[AskedFor]) -> list[DraftedOrder | DomainError]:
    """Turn placements into orders, or into refusals, in the order given; nothing is written.

    One statement for any number. Prices come from the price list alone. Lines of one SKU are merged.
    The refusals are those that `place_order` raises.
    """
    listed = _list_prices(
        line.sku for one in asked for line in one.placement.lines[: MOST_LINES + 1]
    )
    return [_draft(one, listed) for one in asked]


def save_orders(drafts: Sequence[DraftedOrder]) -> None:
    """Write drafted orders and publish OrderCreated for each, in the caller's transaction or one of its own."""
    orders = [draft.order for draft in drafts]
    items = [item for draft in drafts for item in draft.items]
    with transaction.atomic(savepoint=False):
        insert_together(orders, items, [_first_step(draft.order, draft.cause) for draft in drafts])
        publish(
            [
                Fact(
                    event=_fact(draft.order, draft.items),
                    seq=draft.order.version,
                    cause=draft.cause,
                )
                for draft in drafts
            ]
        )


def _draft(asked: AskedFor, listed: Mapping[str, ListPrice]) -> DraftedOrder | DomainError:
    placement, now = asked.placement, asked.now
    try:
        lines = merge_lines(placement.lines)
        refuse_unsupported(
            currency=placement.currency,
            shipping_method=placement.shipping_method,
            payment_method_type=placement.payment.method_type,
        )
        payment = choose_payment(
            placement.payment,
            currency=placement.currency,
            country=placement.shipping_address.country,
            rules=settings.OMS_PROVIDER_RULES,
            providers=settings.OMS_GATEWAYS,
            methods=settings.OMS_PAYMENT_METHODS,
        )
    except DomainError as refusal:
        return refusal
    priced: list[tuple[OrderedLine, str, int]] = []
    refused: list[DomainError] = []
    for line in lines:
        try:
            priced.append((line, *_price_of(line, listed.get(line.sku), placement.currency)))
        except DomainError as refusal:
            refused.append(refusal)
    if refused:
        return first_of(refused)
    totals = totals_of(
        [(line.quantity, price_minor) for line, _, price_minor in priced],
        currency=placement.currency,
        shipping_method=placement.shipping_method,
    )
    if totals.grand_minor > MOST_MINOR:
        return InvalidItems("The order costs more than one can.", pointer="/items")
    order = new_row(
        Order,
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
        payment_provider=payment.provider,
        payment_method_type=placement.payment.method_type,
        payment_token=payment.token,
        payment_rule=payment.rule,
        payment_alternatives=[
            {"provider": one.provider, "token": one.token} for one in payment.alternatives
        ],
        metadata=placement.metadata,
        region=asked.cause.region,
        placed_by=asked.cause.actor,
        created_at=now,
        updated_at=now,
    )
    items = [
        new_row(
            OrderItem,
            order_id=order.id,
            position=position,
            sku=line.sku,
            name=name,
            quantity=line.quantity,
            unit_price_minor=price_minor,
        )
        for position, (line, name, price_minor) in enumerate(priced, start=1)
    ]
    return DraftedOrder(order=order, items=items, cause=asked.cause)


def _list_prices(skus: Iterable[str]) -> dict[str, ListPrice]:
    with connection.cursor() as cursor:
        cursor.execute(_PRICES, [literal(set(skus))])
        return {
            sku: ListPrice(name, decode(prices_minor, dict[str, int]), is_active)
            for sku, name, prices_minor, is_active in cursor.fetchall()
        }


def _price_of(line: OrderedLine, listed: ListPrice | None, currency: str) -> tuple[str, int]:
    """Give a line's name and unit price in minor units.

    Raises:
        UnknownSku, ProductInactive, PriceChanged: see `place_order`.
    """
    pointer = f"/items/{line.position}/sku"
    price_minor = listed.prices_minor.get(currency) if listed else None
    if listed is None or price_minor is None:
        raise UnknownSku(
            f"{line.sku} is not for sale in {currency}.", pointer=pointer, sku=line.sku
        )
    if not listed.is_active:
        raise ProductInactive(f"{line.sku} is not for sale now.", pointer=pointer, sku=line.sku)
    if line.unit_price_minor is not None and line.unit_price_minor != price_minor:
        current = Money(price_minor, currency)
        raise PriceChanged(
            f"The price of {line.sku} is {current.decimal_string} {currency} now.",
            pointer=f"/items/{line.position}/unit_price",
            sku=line.sku,
            current_price={"amount": current.decimal_string, "currency": currency},
        )
    return listed.name, price_minor


def _first_step(order: Order, cause: Cause) -> OrderStep:
    return new_row(
        OrderStep,
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
