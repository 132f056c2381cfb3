"""Amounts as Adyen counts them: in minor units as ISO 4217 has them, but for four currencies."""

from apps.kernel.money import Money, exponent

WHOLE = frozenset({"CVE", "IDR"})
"""Counted in whole units, although ISO has decimals."""
HUNDREDTHS = frozenset({"CLP", "ISK"})
"""Counted in hundredths, although ISO has no decimals."""


class AmountNotPayable(Exception):
    """Adyen cannot take this amount to the last digit; prices of this currency must be rounder."""


def adyen_amount(money: Money) -> int:
    """Give the number that Adyen expects for an amount; nothing is ever rounded.

    Raises:
        AmountNotPayable: it has more decimals than Adyen takes in this currency.
    """
    scaled = money.amount_minor * int(10 ** _decimals(money.currency))
    amount, rest = divmod(scaled, int(10 ** exponent(money.currency)))
    if rest:
        raise AmountNotPayable(f"Adyen does not take {money}: it has too many decimals.")
    return amount


def minor_units(value: int, currency: str) -> int:
    """Give the minor units of a number that Adyen has sent; a part of one that ISO lacks is cut off.

    Raises:
        UnknownCurrency: see the kernel.
    """
    return int(value * 10 ** exponent(currency) // 10 ** _decimals(currency))


def _decimals(currency: str) -> int:
    if currency in WHOLE:
        return 0
    return 2 if currency in HUNDREDTHS else exponent(currency)
