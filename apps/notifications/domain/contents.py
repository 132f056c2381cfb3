"""What messages are about, as it is kept with them."""

from datetime import datetime

from msgspec import Struct


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


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says; each kind of message needs some of it.

    `detail` is a sentence in English, whatever the customer's language.
    """

    number: str
    reason: str = ""
    detail: str = ""
    short_skus: tuple[str, ...] = ()
    action_url: str = ""
    expires_at: datetime | None = None
