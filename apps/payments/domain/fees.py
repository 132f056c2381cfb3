"""How much of a charge a provider may keep before a person has to look, as it is configured.

Limits are shares in percent by provider, such as `stripe=4, paypal=7.5`; who is not named has none.
"""

import re
from collections.abc import Collection
from decimal import Decimal

from apps.kernel.money import Money

HUNDREDTHS = 100 * 100
"""Hundredths of a percent that make a whole."""
_PERCENT = re.compile(r"100|\d{1,2}(\.\d{1,2})?", re.ASCII)


class InvalidLimits(ValueError):
    """The limits cannot be read; the sentence says what is wrong with which."""


def read_fee_limits(text: str, *, providers: Collection[str]) -> dict[str, int]:
    """Read the limits as they are configured; gives hundredths of a percent by provider.

    Raises:
        InvalidLimits: naming the first that is no limit, or not of a provider in use.
    """
    limits: dict[str, int] = {}
    for written in filter(None, (one.strip() for one in text.split(","))):
        provider, _, percent = (word.strip() for word in written.partition("="))
        if not _PERCENT.fullmatch(percent):
            raise InvalidLimits(
                f"{written!r} is no share in percent, such as stripe=4 or stripe=3.75"
            )
        if provider not in providers:
            raise InvalidLimits(f"{written!r} is about no provider in use")
        if provider in limits:
            raise InvalidLimits(f"{provider!r} has two limits")
        limits[provider] = int(Decimal(percent).scaleb(2))
    return limits


def largest_fee(gross: Money, limit: int) -> Money:
    """Give the most that a provider may keep of a charge; whatever is more, is above its share."""
    return Money(gross.amount_minor * limit // HUNDREDTHS, gross.currency)
