"""Amounts of money: whole minor units of one ISO 4217 currency."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import moneyed

from apps.kernel.errors import DomainError

_MAX_MINOR_DIGITS = 15
LARGEST_MINOR = 10**_MAX_MINOR_DIGITS - 1
"""The largest amount of any currency, in minor units."""
PLAIN_DECIMAL = r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,3}))?"
"""How an amount is written, but for its sign: no leading zeros, so that nobody takes it for something else."""
_SIGNED_DECIMAL = re.compile(f"(-?){PLAIN_DECIMAL}")

# ISO codes of funds, of units of account and of no currency at all, and CNH, which ISO lacks:
# nobody can be asked to pay in them. Codes without a country (gold, tests) need no mention.
_NOT_TENDER = frozenset(
    {"BOV", "CHE", "CHW", "CLF", "CNH", "COU", "MXV", "USN", "UYI", "UYW", "XXX"}
)
_EXPONENT_OF_SUB_UNIT = {1: 0, 100: 2, 1000: 3}

# Filled as currencies are met. It starts with those ISO added after py-moneyed made its table.
_exponents: dict[str, int] = {"XCG": 2, "ZWG": 2}


class InvalidAmount(DomainError):
    """The text is not an amount of that currency; ask for a plain decimal such as 129.90."""

    code: ClassVar[str] = "invalid_amount"


class UnknownCurrency(DomainError):
    """The code is no currency somebody can pay in; ask for a current ISO 4217 code."""

    code: ClassVar[str] = "unknown_currency"


class CurrencyMismatch(DomainError):
    """Two amounts of different currencies met; convert one of them first."""

    code: ClassVar[str] = "currency_mismatch"


def exponent(currency: str) -> int:
    """Count the decimals of a currency: 0 for JPY, 2 for EUR, 3 for KWD.

    Raises:
        UnknownCurrency: not an upper-case ISO 4217 code of money that is in use.
    """
    try:
        return _exponents[currency]
    except KeyError:
        # Only answers are kept, never refusals: strangers choose the text of those.
        return _exponents.setdefault(currency, _look_up_exponent(currency))


def _look_up_exponent(currency: str) -> int:
    try:
        known = moneyed.get_currency(currency)
    except moneyed.CurrencyDoesNotExist:
        known = None
    is_tender = (
        known is not None
        and currency not in _NOT_TENDER
        and any(country != "ZZ" for country in known.country_codes)
    )
    if known is None or not is_tender:
        raise UnknownCurrency(
            "This is not the ISO 4217 code of a currency in use.", currency=currency[:10]
        )
    return _EXPONENT_OF_SUB_UNIT[known.sub_unit]


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency; may be negative. Two are equal when both parts are.

    Amounts of one currency add, subtract and compare; `sum(amounts, Money.zero("EUR"))` totals
    them. Multiplication takes whole numbers only: use `allocate` to divide.

    Attributes:
        amount_minor: whole minor units, such as cents; yen have none and count as they are.
        currency: the upper-case ISO 4217 code.

    Raises:
        TypeError: `amount_minor` is not exactly an int (a float or bool is a bug, not an amount).
        UnknownCurrency: see `exponent`.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is no whole number and no currency."""
        if type(self.amount_minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.amount_minor).__name__}")
        if self.currency not in _exponents:
            exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Give nothing at all of a currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a plain decimal in major units, such as `129.90`, `129.9`, `129` or `-3.50`.

        Raises:
            InvalidAmount: anything else (a plus sign, leading zeros, an exponent, spaces, grouping,
                NaN), more decimals than the currency has, or more than 15 digits in minor units.
            UnknownCurrency: see `exponent`.
        """
        decimals = exponent(currency)
        match = _SIGNED_DECIMAL.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise InvalidAmount("An amount is a plain decimal number, such as 129.90.")
        sign, major, fraction = match.group(1), match.group(2), match.group(3) or ""
        if len(fraction) > decimals:
            raise InvalidAmount(
                f"{currency} has {decimals} decimals and the amount has more.",
                currency=currency,
                decimals=decimals,
            )
        minor = int(major + fraction.ljust(decimals, "0"))
        if minor > LARGEST_MINOR:
            raise InvalidAmount(
                f"An amount has at most {_MAX_MINOR_DIGITS} digits.", currency=currency
            )
        return cls(-minor if sign else minor, currency)

    @property
    def decimal_string(self) -> str:
        """Write the amount in major units with all decimals of its currency, such as `129.90`."""
        decimals = exponent(self.currency)
        if not decimals:
            return str(self.amount_minor)
        digits = str(abs(self.amount_minor)).rjust(decimals + 1, "0")
        sign = "-" if self.amount_minor < 0 else ""
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"

    @property
    def is_zero(self) -> bool:
        """Tell whether there is nothing."""
        return self.amount_minor == 0

    @property
    def is_positive(self) -> bool:
        """Tell whether there is more than nothing."""
        return self.amount_minor > 0

    @property
    def is_negative(self) -> bool:
        """Tell whether there is less than nothing."""
        return self.amount_minor < 0

    def as_dict(self) -> dict[str, str]:
        """Give the form used in JSON: `{"amount": "129.90", "currency": "EUR"}`."""
        return {"amount": self.decimal_string, "currency": self.currency}

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Share the amount out in proportion to `weights`, in their order, losing nothing.

        Each share is the exact one rounded down or up by less than one minor unit. Units left
        over go to the largest remainders, the earlier of equals first; a weight of zero gets
        nothing. A negative amount is shared as its positive twin. The same call, the same shares.

        Raises:
            TypeError: a weight is not exactly an int.
            ValueError: a weight is negative, or they add up to zero.
        """
        if any(type(weight) is not int for weight in weights):
            raise TypeError("weights are ints")
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are zero or more and at least one is more")
        sign = -1 if self.amount_minor < 0 else 1
        quotients = [divmod(abs(self.amount_minor) * weight, total) for weight in weights]
        shares = [whole for whole, _ in quotients]
        left_over = abs(self.amount_minor) - sum(shares)
        by_remainder = sorted(range(len(shares)), key=lambda index: -quotients[index][1])
        for index in by_remainder[:left_over]:
            shares[index] += 1
        return [Money(sign * share, self.currency) for share in shares]

    def __str__(self) -> str:
        """Write it for logs and messages to colleagues, such as `129.90 EUR`."""
        return f"{self.decimal_string} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        """Add an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount_minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Take away an amount of the same currency; the rest may be negative."""
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount_minor - self._minor_of(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        """Take the amount a whole number of times."""
        if type(times) is not int:
            return NotImplemented
        return Money(self.amount_minor * times, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        """Turn what is owed into what is due."""
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount_minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount_minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount_minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount_minor >= self._minor_of(other)

    def _minor_of(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                f"{other.currency} cannot be counted with {self.currency}.",
                left=self.currency,
                right=other.currency,
            )
        return other.amount_minor
