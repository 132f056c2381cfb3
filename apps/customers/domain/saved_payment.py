"""What we keep of a payment method: enough to recognise and use it, nothing to copy a card with."""

import re
from dataclasses import dataclass

from apps.customers.domain.refusals import InvalidPaymentMethod

METHOD_TYPES = frozenset({"card", "paypal", "apple_pay"})

_PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TOKEN = re.compile(r"[A-Za-z0-9_.:~-]{1,255}")
# A provider's token has letters or a prefix; what is all digits could be a card number.
_NOTHING_BUT_DIGITS = re.compile(r"[0-9.:_~-]+")
_BRAND = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,31}")
_LAST4 = re.compile(r"[0-9]{4}")
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPayment:
    """A way to pay as its provider's token. Brand, last four digits and expiry are for show."""

    provider: str
    method_type: str
    token: str
    brand: str
    last4: str
    expiry_month: int | None
    expiry_year: int | None

    @classmethod
    def build(
        cls,
        *,
        provider: str,
        method_type: str,
        token: str,
        brand: str,
        last4: str,
        expiry_month: int | None,
        expiry_year: int | None,
    ) -> "SavedPayment":
        """Make one from what a storefront sent.

        Raises:
            InvalidPaymentMethod: a part is not what it should be, above all a token that could be
                a card number; the part is named, what was sent is not repeated.
        """
        _insist(_PROVIDER.fullmatch(provider), "provider", "A provider is a name such as stripe.")
        _insist(
            method_type in METHOD_TYPES,
            "type",
            f"The types are {', '.join(sorted(METHOD_TYPES))}.",
        )
        _insist(
            _TOKEN.fullmatch(token) and not _NOTHING_BUT_DIGITS.fullmatch(token),
            "token",
            "Send the provider's token, never a card number.",
        )
        _insist(not brand or _BRAND.fullmatch(brand), "brand", "A brand is a name such as visa.")
        _insist(not last4 or _LAST4.fullmatch(last4), "last4", "Send four digits or nothing.")
        _insist(
            (expiry_month is None) == (expiry_year is None),
            "expiry_month",
            "An expiry has a month and a year.",
        )
        _insist(
            expiry_month is None or 1 <= expiry_month <= 12, "expiry_month", "A month is 1 to 12."
        )
        _insist(
            expiry_year is None or FIRST_YEAR <= expiry_year <= LAST_YEAR,
            "expiry_year",
            f"A year is {FIRST_YEAR} to {LAST_YEAR}.",
        )
        return cls(
            provider=provider,
            method_type=method_type,
            token=token,
            brand=brand,
            last4=last4,
            expiry_month=expiry_month,
            expiry_year=expiry_year,
        )


def _insist(condition: object, field: str, detail: str) -> None:
    if not condition:
        raise InvalidPaymentMethod(detail, pointer=f"/{field}")
