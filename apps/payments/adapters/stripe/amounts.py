"""Amounts as Stripe counts them, which is not everywhere as ISO 4217 does.

The rules are Stripe's own: https://docs.stripe.com/currencies (zero-decimal, three-decimal and
special cases).
"""

from apps.kernel.money import Money, exponent

WHOLE = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
"""Counted in whole units, also where ISO has decimals (MGA)."""
THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Counted in thousandths of which the last digit must be 0."""
WHOLE_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Without decimals, yet counted in hundredths, which must be 00."""


class AmountNotPayable(Exception):
    """Stripe cannot take this amount to the last digit; prices of this currency must be rounder."""


def stripe_amount(money: Money) -> int:
    """Give the number that Stripe expects for an amount; nothing is ever rounded.

    Raises:
        AmountNotPayable: it has more decimals than Stripe takes in this currency.
    """
    scaled = money.amount_minor * _units(money.currency)
    amount, rest = divmod(scaled, int(10 ** exponent(money.currency)))
    if rest or amount % _step(money.currency):
        raise AmountNotPayable(f"Stripe does not take {money}: it has too many decimals.")
    return amount


def minor_units(amount: int, currency: str) -> int:
    """Give the minor units of a number that Stripe has sent; a part of one that ISO lacks is cut off.

    Raises:
        UnknownCurrency: see the kernel.
    """
    return amount * int(10 ** exponent(currency)) // _units(currency)


def _units(currency: str) -> int:
    """Count the parts into which Stripe divides one whole unit."""
    if currency in WHOLE:
        return 1
    return 1000 if currency in THOUSANDTHS else 100


def _step(currency: str) -> int:
    if currency in WHOLE_HUNDREDTHS:
        return 100
    return 10 if currency in THOUSANDTHS else 1
