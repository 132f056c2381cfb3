"""What may be ordered at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.orders.domain.refusals import (
    InvalidItems,
    QuantityOutOfRange,
    TooManyLines,
    UnsupportedChoice,
)
from apps.orders.domain.totals import SHIPPING_MINOR

MOST_LINES = 200
LEAST_QUANTITY, MOST_QUANTITY = 1, 999
CURRENCIES = frozenset({"EUR", "USD"})
PAYMENT_METHODS = frozenset({"card", "paypal", "apple_pay"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """A SKU and how many of it.

    `unit_price_minor` is what the customer saw, if anything; `position` is the place among the lines
    as they were asked for, from 0.
    """

    sku: str
    quantity: int
    unit_price_minor: int | None = None
    position: int = 0


def merge_lines(lines: Sequence[OrderedLine]) -> list[OrderedLine]:
    """Bring lines of one SKU together, in the order of their first appearance.

    Each keeps the position of the line that names its price, else of its first one.

    Raises:
        TooManyLines: more than 200.
        QuantityOutOfRange: a quantity outside 1 to 999, merged ones too.
        InvalidItems: no line, or two different prices for one SKU.
    """
    if len(lines) > MOST_LINES:
        raise TooManyLines(f"An order has at most {MOST_LINES} lines.", pointer="/items")
    if not lines:
        raise InvalidItems("An order has lines.", pointer="/items")
    merged: dict[str, OrderedLine] = {}
    for line in lines:
        total = _added(merged.get(line.sku), line)
        if line.quantity < LEAST_QUANTITY or total.quantity > MOST_QUANTITY:
            raise QuantityOutOfRange(
                f"The quantity of one SKU is {LEAST_QUANTITY} to {MOST_QUANTITY}.",
                pointer=f"/items/{line.position}/quantity",
            )
        merged[line.sku] = total
    return list(merged.values())


def _added(seen: OrderedLine | None, line: OrderedLine) -> OrderedLine:
    if seen is None:
        return line
    if None not in (seen.unit_price_minor, line.unit_price_minor) and (
        seen.unit_price_minor != line.unit_price_minor
    ):
        raise InvalidItems(
            f"{line.sku} stands in two lines with different prices.",
            pointer=f"/items/{line.position}/unit_price",
        )
    named = line if seen.unit_price_minor is None and line.unit_price_minor is not None else seen
    return replace(named, quantity=seen.quantity + line.quantity)


def refuse_unsupported(
    *,
    currency: str,
    shipping_method: str,
    payment_method_type: str,
) -> None:
    """Refuse a choice that no order can have; through whom it is paid is another matter.

    Raises:
        UnsupportedChoice: naming the field and what is offered.
    """
    choices = (
        ("/currency", currency, CURRENCIES),
        ("/shipping/method", shipping_method, SHIPPING_MINOR.keys()),
        ("/payment/method/type", payment_method_type, PAYMENT_METHODS),
    )
    for pointer, given, offered in choices:
        if given not in offered:
            raise UnsupportedChoice(
                f"{given!r} is not offered; choose one of {', '.join(sorted(offered))}.",
                pointer=pointer,
            )
