"""Amounts and times as people write them, in the languages we write in."""

from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apps.kernel.money import Money

LOCALES = ("en", "de")
FALLBACK_LOCALE = "en"

_SYMBOLS = MappingProxyType({"EUR": "€", "USD": "$", "GBP": "£"})
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
# Wherever German is an official language the clocks show the same time; English readers are
# everywhere, so that they are told which time is meant.
_GERMAN_TIME = ZoneInfo("Europe/Berlin")
_ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def locale_or_fallback(locale: str) -> str:
    """Give a language that we have templates in."""
    return locale if locale in LOCALES else FALLBACK_LOCALE


def amount_in_words(amount: Money, locale: str) -> str:
    """Write an amount: €1,299.00 in English, 1.299,00 € in German."""
    whole, _, fraction = amount.decimal_string.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}"
    if locale == "de":
        number = grouped.replace(",", ".") + (f",{fraction}" if fraction else "")
        return f"{sign}{number}{_NO_BREAK_SPACE}{_SYMBOLS.get(amount.currency, amount.currency)}"
    number = grouped + (f".{fraction}" if fraction else "")
    if amount.currency in _SYMBOLS:
        return f"{sign}{_SYMBOLS[amount.currency]}{number}"
    return f"{sign}{number}{_NO_BREAK_SPACE}{amount.currency}"


def instant_in_words(instant: datetime, locale: str) -> str:
    """Write an instant: 22 November 2026, 14:30 UTC in English, 22.11.2026, 15:30 Uhr in German.

    Raises:
        ValueError: it has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if locale == "de":
        return f"{instant.astimezone(_GERMAN_TIME):%d.%m.%Y, %H:%M} Uhr"
    at = instant.astimezone(ZoneInfo("UTC"))
    return f"{at.day} {_ENGLISH_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"
