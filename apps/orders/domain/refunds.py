"""How much of an order a refund gives back, to the cent and over any sequence of refunds.

Amounts are minor units of the order's currency. What an order cost, its shipping, tax and discounts
included, is shared out among its lines in proportion to their prices; a line's share belongs to its
units. `n` units are worth the share times `n` by the ordered quantity, rounded down, and each refund
is the difference of two such values. So whatever the steps, all units together give back the whole
share, and all lines the whole order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.kernel.money import Money
from apps.orders.domain.refusals import InvalidRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtLine:
    """A line of the order, with its price for one unit and how many units went back already."""

    position: int
    sku: str
    quantity: int
    unit_price_minor: int
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedLine:
    """Units of a line that money goes back for."""

    position: int
    sku: str
    quantity: int
    amount_minor: int


def refunded_lines(
    lines: Sequence[BoughtLine], wanted: Mapping[str, int], *, total: Money
) -> list[RefundedLine]:
    """Say what the wanted units, by SKU, give back; `total` is what the order cost.

    A SKU on several lines is taken from the first one that has units left.

    Raises:
        InvalidRefund: the order has no such SKU, or not so many units of it that were not refunded.
    """
    shares = _shares(lines, total)
    found = []
    for sku, quantity in wanted.items():
        left = quantity
        for line, share in zip(lines, shares, strict=True):
            units = min(left, line.quantity - line.returned) if line.sku == sku else 0
            if units > 0:
                left -= units
                found.append(
                    RefundedLine(
                        position=line.position,
                        sku=sku,
                        quantity=units,
                        amount_minor=_worth(share, line, line.returned + units)
                        - _worth(share, line, line.returned),
                    )
                )
        if left:
            has = sum(line.quantity - line.returned for line in lines if line.sku == sku)
            raise InvalidRefund(
                f"Of {sku} the order has {has} that were not refunded.", sku=sku, left=has
            )
    return found


def amount_to_refund(
    *, amount_minor: int | None, lines: Sequence[RefundedLine] | None, left: Money
) -> Money:
    """Say how much a refund gives back: what `lines` give, an amount in minor units, or all that is left.

    `left` is what may still be asked for.

    Raises:
        InvalidRefund: it would be nothing, or more than is left.
    """
    if lines is not None:
        wanted = sum(line.amount_minor for line in lines)
    else:
        wanted = left.amount_minor if amount_minor is None else amount_minor
    if wanted <= 0:
        raise InvalidRefund("A refund gives something back.")
    if wanted > left.amount_minor:
        raise InvalidRefund(f"Only {left} are left to give back.", left=left.decimal_string)
    return Money(wanted, left.currency)


def _shares(lines: Sequence[BoughtLine], total: Money) -> list[int]:
    prices = [line.unit_price_minor * line.quantity for line in lines]
    # Lines that cost nothing share the shipping by their units.
    weights = prices if any(prices) else [line.quantity for line in lines]
    return [share.amount_minor for share in total.allocate(weights)]


def _worth(share: int, line: BoughtLine, units: int) -> int:
    return share * units // line.quantity
