"""What an order costs. All amounts are minor units of one currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SHIPPING_MINOR: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "standard": {"EUR": 490, "USD": 590},
        "express": {"EUR": 1290, "USD": 1490},
        "pickup": {},
    }
)
"""Shipping per order by method and currency; a method is free in a currency it does not name."""

MOST_MINOR = 10**15 - 1
"""The most that an order may cost, in minor units: what an amount of money can say at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums of an order; the grand total is theirs."""

    items_minor: int
    discounts_minor: int
    shipping_minor: int
    tax_minor: int

    @property
    def grand_minor(self) -> int:
        """What the customer pays."""
        return self.items_minor - self.discounts_minor + self.shipping_minor + self.tax_minor


def totals_of(
    lines: Sequence[tuple[int, int]],
    *,
    currency: str,
    shipping_method: str,
) -> Totals:
    """Add up lines of (quantity, unit price); prices include tax, so that none is added."""
    items = sum(quantity * unit_price for quantity, unit_price in lines)
    shipping = SHIPPING_MINOR[shipping_method].get(currency, 0)
    return Totals(items_minor=items, discounts_minor=0, shipping_minor=shipping, tax_minor=0)
