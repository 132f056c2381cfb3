"""How card numbers are written.

A number is 13 to 19 digits that pass the Luhn check (ISO/IEC 7812), in one of two writings:

* groups of any length with a *gap* of up to four spaces, dashes or line ends between them;
* the groups that are printed on cards, 4-4-4-4 (and up to three more digits), 4-6-5 or 4-6-4, with up to
  four *marks* of any kind between them, `4000/0566/5566/5556`, if they begin as a card's do.

Any other grouping with marks is taken for what it mostly is: a list, a date, a version, an amount.

Digits without any gap are a number of a card only if they begin with 2 to 6, as those of all schemes that our
providers take do, or with 9792 (Troy), and are no article number by their check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.platform.cards.luhn import passes_luhn

SHORTEST: Final = 13
LONGEST: Final = 19

GAP: Final = r"[ \t\r\n-]{0,4}"
LIST_MARKS: Final = r"!#$%&'()*+,./:;<=>?@\\^_`|~-"
"""All marks of ASCII but quotation marks, brackets and braces, which end a value in JSON."""
_MARK_KINDS: Final = rf" \t\r\n{LIST_MARKS}"
_MARKS: Final = rf"[{_MARK_KINDS}]{{1,4}}"

# The look ahead is no more than a short cut: most digits have a letter or a quote soon after them.
ENOUGH_DIGITS: Final = re.compile(
    rf"[0-9](?=[0-9{_MARK_KINDS}]{{12}})(?:[{_MARK_KINDS}]{{0,4}}[0-9]){{12}}"
)
"""Finds where the first card number may begin, in either writing; meant to be asked first, being cheap."""

UUID: Final = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
COVER: Final = "\0"
"""Stands where something was that is no card: neither a digit nor a letter nor a mark."""

# A pattern that begins with a class is searched for faster than one that begins by looking back.
_PRINTED: Final = re.compile(
    r"[2-69](?<![0-9]{2})(?="
    rf"(?P<common>[0-9]{{3}}(?:{_MARKS}[0-9]{{4}}){{3}})(?P<more>{_MARKS}[0-9]{{1,3}})?(?![0-9])"
    rf"|(?P<other>[0-9]{{3}}{_MARKS}[0-9]{{6}}{_MARKS}[0-9]{{4,5}})(?![0-9]))"
)
_ISSUERS: Final = re.compile(r"2[2-7]|3[04-9]|4|5[0-8]|6|9792")
_ALL_BUT_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))

# Milliseconds, microseconds and nanoseconds since 1970, from 2014 to 2033.
_EPOCH_LENGTHS: Final = frozenset({13, 16, 19})
_EPOCH_STARTS: Final = ("14", "15", "16", "17", "18", "19")
# 20261122093000, and with milliseconds.
_CALENDAR_LENGTHS: Final = frozenset({14, 17})
_CALENDAR_STARTS: Final = ("19", "20")

_CARD_STARTS: Final = ("2", "3", "4", "5", "6", "9792")
_GTIN_LENGTHS: Final = frozenset({13, 14})
# Cards of 14 digits are those of one issuer.
_DINERS: Final = re.compile(r"(?:30[0-59]|3[689])[0-9]{11,12}\Z")

# Cards that shops give out have numbers and codes of their own.
NOT_OF_OTHER_CARDS: Final = "".join(
    rf"(?<!{word})(?<!{word}[ _-])" for word in ("bonus", "gift", "loyalty")
)
"""What a pattern asks before the word `card`."""


def spans_of_printed(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Give where numbers stand, from `start` on, in a text in plain writing that are grouped as on cards."""
    for found in _PRINTED.finditer(text, start):
        beginning = found.start()
        # What follows the 16 digits may be three more, or a security code.
        ends = {found.end(kind) for kind in ("other", "more", "common")} - {-1}
        yield from ((beginning, end) for end in ends if is_printed_number(text[beginning:end]))


def is_printed_number(written: str) -> bool:
    """Tell whether groups that a card may have printed on it are a number of one."""
    digits = written.encode().translate(None, _ALL_BUT_DIGITS)
    return passes_luhn(digits) and begins_as_card(written)


def begins_as_card(digits: str) -> bool:
    """Tell whether digits begin as those of an issuer of cards do."""
    return _ISSUERS.match(digits) is not None


def is_card_number(digits: str, *, is_whole: bool) -> bool:
    """Judge 13 to 19 digits, which are `is_whole` if they were written without any gap."""
    return (
        not digits.startswith("0")
        and (not is_whole or digits.startswith(_CARD_STARTS))
        and passes_luhn(digits.encode())
        and not _is_instant(digits)
        and not (is_whole and _is_article_number(digits))
    )


def _is_article_number(digits: str) -> bool:
    """Tell a valid GTIN of 13 or 14 digits (GS1): barcodes are everywhere, and cards that short are rare.

    Cards of 13 digits are no longer issued; those of 14 begin with 300 to 305, 3095, 36, 38 or 39.
    """
    if len(digits) not in _GTIN_LENGTHS or (
        len(digits) == max(_GTIN_LENGTHS) and _DINERS.match(digits)
    ):
        return False
    backwards = digits[::-1]
    return (sum(map(int, backwards[0::2])) + 3 * sum(map(int, backwards[1::2]))) % 10 == 0


def _is_instant(digits: str) -> bool:
    """Tell a time as programs write it, as a count since 1970 or as a calendar's digits."""
    length = len(digits)
    return (length in _EPOCH_LENGTHS and digits.startswith(_EPOCH_STARTS)) or (
        length in _CALENDAR_LENGTHS and digits.startswith(_CALENDAR_STARTS)
    )
