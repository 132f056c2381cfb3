"""Amounts as PayPal writes them: decimal strings, with as many decimals as PayPal takes.

The rules are PayPal's own: https://developer.paypal.com/api/rest/reference/currency-codes/
"""

from decimal import Decimal

from apps.kernel.money import Money, exponent

WHOLE = frozenset({"HUF", "JPY", "TWD"})
"""Written without decimals, also where ISO 4217 has some (HUF, TWD)."""
MOST_DECIMALS = 2
LONGEST = 32
"""How many characters PayPal takes."""


class AmountNotPayable(Exception):
    """PayPal cannot take this amount to the last digit, or not in this currency at all."""


def paypal_amount(money: Money) -> str:
    """Write an amount as PayPal expects it; nothing is ever rounded.

    Raises:
        AmountNotPayable: it has decimals that PayPal does not take in this currency, or the
            currency has three decimals, of which PayPal offers none.
    """
    decimals = exponent(money.currency)
    if decimals > MOST_DECIMALS:
        raise AmountNotPayable(
            f"PayPal does not offer {money.currency}, which has {decimals} decimals."
        )
    if money.currency in WHOLE:
        whole, rest = divmod(money.amount_minor, int(10**decimals))
        if rest:
            raise AmountNotPayable(f"PayPal takes {money.currency} without decimals only.")
        text = str(whole)
    else:
        text = f"{Decimal(money.amount_minor).scaleb(-decimals):.{decimals}f}"
    if len(text) > LONGEST:
        raise AmountNotPayable(f"PayPal takes amounts of at most {LONGEST} characters.")
    return text


def read_paypal_amount(value: str, currency: str) -> Money:
    """Read an amount exactly; some are written with more noughts than the currency has decimals.

    Raises:
        DomainError: it is no plain decimal, or does not come out to whole minor units of a currency in use.
    """
    whole, _, decimals = value.partition(".")
    if decimals.isascii() and decimals.isdigit():
        value = f"{whole}.{decimals}".rstrip("0").rstrip(".")
    return Money.parse(value, currency)
