"""A small shop for tests: products, stock, orders, and the whole saga worked off in this process."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from apps.inventory.models import StockLevel, Warehouse
from apps.inventory.services.change_products import ProductRow, change_products
from apps.inventory.services.report_stock import report_stock
from apps.inventory.services.reported_rows import CountRow
from apps.kernel.address import Address
from apps.orders.domain.payment_choice import PaymentWish
from apps.orders.domain.placement import OrderedLine
from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.orders.services.place_order import Placement, place_order
from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.dispatch_operations import dispatch_operations, gate_named
from apps.platform import valkey
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import Delivery
from apps.platform.outbox.registry import Subscriber, list_subscribers
from tests.conftest import make_cause

ADDRESS = Address.build(
    name="Ada Example", line1="Lindenweg 1", city="Berlin", postal_code="10115", country="DE"
)


def forget_outages() -> None:
    """Close the breakers of all gateways, by emptying Valkey: an outage that another test played is over.

    Whatever else stands there goes too: counts of rate limits, marks of who works, what is cached.
    """
    valkey.client().flushdb()
    gate_named.cache_clear()


def stock(units: Mapping[str, Mapping[str, int]], *, price_minor: int = 1990) -> None:
    """Put units of SKUs into warehouses, `{"SKU": {"WAREHOUSE": units}}`; priority by order."""
    forget_outages()
    codes = list(dict.fromkeys(code for levels in units.values() for code in levels))
    for priority, code in enumerate(codes):
        Warehouse.objects.get_or_create(code=code, defaults={"name": code, "priority": priority})
    change_products(
        rows=[
            ProductRow(
                sku=sku, name=f"Name of {sku}", prices_minor={"EUR": price_minor, "USD": 2190}
            )
            for sku in units
        ],
        cause=make_cause(),
    )
    results = report_stock(
        rows=[
            CountRow(
                warehouse=code,
                sku=sku,
                on_hand=on_hand,
                message_id=str(uuid.uuid4()),
                counted_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for sku, levels in units.items()
            for code, on_hand in levels.items()
        ],
        cause=make_cause(),
        now=timezone.now(),
    )
    assert {result.status for result in results} == {"applied"}, results
    drain_all()


def place(
    items: Sequence[tuple[str, int]] = (("SKU-A", 1),),
    *,
    token: str = "tok_approve",
    provider: str = "sandbox",
    method_type: str = "card",
    tokens: Mapping[str, str] | None = None,
    **changes: Any,
) -> Order:
    """Place an order of (SKU, quantity) lines; `tokens` are by provider, instead of the one token."""
    placement = Placement(
        **{
            "customer_id": uuid.uuid4(),
            "currency": "EUR",
            "lines": [
                OrderedLine(sku=sku, quantity=quantity, position=position)
                for position, (sku, quantity) in enumerate(items)
            ],
            "shipping_method": "standard",
            "shipping_address": ADDRESS,
            "payment": PaymentWish(
                provider=provider,
                method_type=method_type,
                token="" if tokens else token,
                tokens=tokens or {},
            ),
            "metadata": {},
            **changes,
        }
    )
    return place_order(placement=placement, cause=make_cause(), now=timezone.now()).order


def call_off(order: Order) -> None:
    """Ask for an order to be cancelled, as its customer."""
    cancel_order(
        order_id=order.id,
        reason=CancelReason.CUSTOMER_REQUEST,
        detail="",
        cause=make_cause("customer:1"),
        now=timezone.now(),
    )


def drain_all() -> int:
    """Hand every event on until none waits; returns how many were handled."""
    total = 0
    while handled := sum(drain(subscriber) for subscriber in _subscribers_with_events()):
        total += handled
    return total


def _subscribers_with_events() -> list[Subscriber]:
    # To ask once is much faster than to have every one of them look.
    names = set(Delivery.objects.values_list("subscriber", flat=True).distinct())
    return [subscriber for subscriber in list_subscribers() if subscriber.name in names]


def dispatch_all() -> int:
    """Make every due call to a gateway."""
    gates = PaymentOperation.objects.filter(state__in=OPEN_STATES).values_list("gate", flat=True)
    return sum(dispatch_operations(gate_name=gate) for gate in sorted(set(gates)))


def work_off() -> None:
    """Run the saga until nothing moves."""
    while drain_all() + dispatch_all():
        pass


def settled(order: Order) -> Order:
    """Read an order again once everything due was worked off."""
    work_off()
    return Order.objects.get(id=order.id)


def payment_of(order: Order) -> Payment:
    """Give the payment of an order."""
    return Payment.objects.get(order_id=order.id)


def levels() -> dict[str, tuple[int, int]]:
    """Give (on hand, reserved) by `SKU@WAREHOUSE`."""
    return {str(level): (level.on_hand, level.reserved) for level in StockLevel.objects.all()}
