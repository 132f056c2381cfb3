"""What the page of an order says: its lines, its money, its address and its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html

from apps.orders.domain.statuses import OrderStatus
from apps.orders.models import Order, OrderItem, OrderStep
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.formatting import (
    Tone,
    badge,
    document,
    duration,
    identifier,
    lines,
    link,
    money,
)
from apps.platform.backoffice.panels import Panel, Table

TONES: dict[str, Tone] = {
    OrderStatus.CREATED: Tone.INFO,
    OrderStatus.PAYMENT_PENDING: Tone.INFO,
    OrderStatus.PAYMENT_AUTHORIZED: Tone.INFO,
    OrderStatus.CONFIRMED: Tone.SUCCESS,
    OrderStatus.PROCESSING: Tone.SUCCESS,
    OrderStatus.SHIPPED: Tone.SUCCESS,
    OrderStatus.DELIVERED: Tone.SUCCESS,
    OrderStatus.COMPLETED: Tone.SUCCESS,
    OrderStatus.CANCELLATION_PENDING: Tone.WARNING,
    OrderStatus.CANCELLED: Tone.DANGER,
}
PAYMENT_TONES: dict[str, Tone] = {
    "pending": Tone.INFO,
    "requires_action": Tone.WARNING,
    "authorized": Tone.SUCCESS,
    "captured": Tone.SUCCESS,
    "voided": Tone.NEUTRAL,
    "refunded": Tone.NEUTRAL,
    "partially_refunded": Tone.NEUTRAL,
    "charged_back": Tone.NEUTRAL,
    "failed": Tone.DANGER,
    "capture_failed": Tone.DANGER,
    "void_failed": Tone.DANGER,
    "refund_failed": Tone.DANGER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One step of the history; `pause` is the time since the one before."""

    what: str
    status: str
    tone: Tone
    at: datetime
    pause: str
    actor: str


def timeline_of(steps: Sequence[OrderStep]) -> list[TimelineEntry]:
    """Tell the history, the oldest step first, naming agents by their user names."""
    names = name_actors(step.actor for step in steps)
    entries = []
    previous: datetime | None = None
    for step in steps:
        changed = step.from_status != step.to_status
        entries.append(
            TimelineEntry(
                what=step.what,
                status=badge(step.to_status, TONES) if changed else "",
                tone=TONES.get(OrderStatus(step.to_status), Tone.NEUTRAL),
                at=step.at,
                pause=f"+{duration(step.at - previous)}" if previous else "",
                actor=names[step.actor],
            )
        )
        previous = step.at
    return entries


def items_table(order: Order, items: Sequence[OrderItem]) -> Table:
    """List the lines with their prices."""
    return Table(
        headings=("SKU", "Product", "Quantity", "Unit price", "Line total"),
        numbers=frozenset({"Quantity", "Unit price", "Line total"}),
        rows=[
            (
                identifier(item.sku),
                item.name,
                str(item.quantity),
                money(item.unit_price_minor, order.currency),
                money(item.unit_price_minor * item.quantity, order.currency),
            )
            for item in items
        ],
    )


def totals_of(order: Order) -> list[tuple[str, str]]:
    """Add the money up; lines of zero are left out."""
    parts = (
        ("Items", order.items_minor),
        ("Discounts", -order.discounts_minor),
        ("Shipping", order.shipping_minor),
        ("Tax", order.tax_minor),
    )
    return [
        *((label, money(minor, order.currency)) for label, minor in parts if minor),
        ("Total", money(order.total_minor, order.currency)),
    ]


def delivery_panel(order: Order) -> Panel:
    """Say where the order goes and how."""
    address = order.shipping_address
    place = f"{address.get('postal_code', '')} {address.get('city', '')}".strip()
    return Panel(
        facts=(
            (
                "Deliver to",
                lines(
                    *(address.get(part, "") for part in ("name", "company", "line1", "line2")),
                    place,
                    address.get("region", ""),
                    address.get("country", ""),
                ),
            ),
            ("Telephone", address.get("phone", "")),
            ("Method", order.shipping_method),
        )
    )


def record_panel(order: Order) -> Panel:
    """Give the ids and circumstances that a colleague may ask for."""
    return Panel(
        facts=(
            ("Order id", identifier(order.id)),
            ("Customer id", identifier(order.customer_id)),
            ("Placed by", order.placed_by),
            ("Region", order.region),
            ("Events so far", str(order.version)),
            ("Metadata", document(order.metadata)),
        )
    )


def order_in_question(order: Order) -> Panel:
    """Remind of which order something is about to be done with."""
    return Panel(
        facts=(
            ("Status", badge(order.status, TONES)),
            ("Total", money(order.total_minor, order.currency)),
            ("Deliver to", str(order.shipping_address.get("name", ""))),
        )
    )


def attention_of(order: Order) -> Panel | None:
    """Say what the order waits for or why it ended, where there is something to know."""
    reason = order.cancel_reason.replace("_", " ")
    if order.status == OrderStatus.CANCELLATION_PENDING:
        owed = [
            text
            for is_owed, text in (
                (order.owes_stock, "inventory to release the stock"),
                (order.owes_payment, "the payment to be voided or refunded"),
            )
            if is_owed
        ]
        waits = f"Being cancelled ({reason}). Waits for {' and '.join(owed)}."
        if order.payment_status in ("refund_failed", "void_failed"):
            what = order.payment_status.removesuffix("_failed")
            waits += f" The {what} failed: see the payment below, and {what} by hand if need be."
        return Panel(alert=f"{waits} {order.cancel_detail}".strip())
    if order.status == OrderStatus.CANCELLED:
        return Panel(facts=(("Cancelled because", reason), ("In words", order.cancel_detail)))
    if order.status == OrderStatus.PAYMENT_AUTHORIZED:
        return Panel(note="Held for review: release it, or cancel it.")
    if order.payment_action_url:
        page = link(order.payment_action_url, "the provider's page")
        return Panel(note=format_html("Waits for the customer to approve the payment on {}.", page))
    return None
