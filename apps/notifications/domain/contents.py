"""What messages are about, as it is kept with them."""

from datetime import datetime

from msgspec import Struct

from apps.kernel.money import Money


class Line(Struct, frozen=True, kw_only=True):
    """One line of an order; the price is that of one unit, in minor units."""

    sku: str
    name: str
    quantity: int
    unit_price_minor: int


class Ordered(Struct, frozen=True, kw_only=True):
    """What is known of an order itself; the total is in minor units."""

    currency: str
    total_minor: int
    lines: tuple[Line, ...]


class Amount(Struct, frozen=True, kw_only=True):
    """An amount of money, in minor units."""

    minor: int
    currency: str


class Units(Struct, frozen=True, kw_only=True):
    """Units of one SKU that money went back for."""

    sku: str
    quantity: int


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says; each kind of message needs some of it.

    `code` is why the payment failed, put into words when it is written. `provider`
    is who reviews it. `refunded` is what went back, and
    `refunded_units` what for.
    """

    number: str
    reason: str = ""
    code: str = ""
    short_skus: tuple[str, ...] = ()
    action_url: str = ""
    expires_at: datetime | None = None
    provider: str = ""
    refunded: Amount | None = None
    refunded_units: tuple[Units, ...] = ()


def amount_told(amount: Money | None) -> Amount | None:
    """Write an amount down as it is kept with a message."""
    return None if amount is None else Amount(minor=amount.amount_minor, currency=amount.currency)
