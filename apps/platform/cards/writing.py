"""How card numbers are written.

A number is 13 to 19 digits that begin as a card's do (`issuers`) and pass the Luhn check (ISO/IEC 7812), in one
of two writings:

* groups of any length with a *gap* of up to five blanks or dashes between them;
* the groups that are printed on cards, 4-4-4-4 (and up to three more digits), 4-6-5 or 4-6-4, with up to
  five *marks* of any kind between them, `4000/0566/5566/5556`.

Any other grouping with marks is taken for what it mostly is: a list, a date, a version, an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.platform.cards.issuers import LONGEST, SHORTEST, begins_as_card
from apps.platform.cards.luhn import passes_luhn

# Not `\s`: a class of single signs is searched for faster.
BLANKS: Final = r" \t\r\n\v\f\x1c-\x1f\x7f"
GAP: Final = rf"[{BLANKS}-]{{0,5}}"
LIST_MARKS: Final = r"!#$%&'()*+,./:;<=>?@\\^_`|~-"
"""All marks of ASCII but quotation marks, brackets and braces, which end a value in JSON."""
_MARKS: Final = rf"[{BLANKS}{LIST_MARKS}]{{1,5}}"

# The look ahead is no more than a short cut: most digits have a letter or a quote soon after them.
ENOUGH_DIGITS: Final = re.compile(
    rf"[0-9](?=[0-9{BLANKS}{LIST_MARKS}]{{12}})(?:[{BLANKS}{LIST_MARKS}]{{0,5}}[0-9]){{12}}"
)
"""Finds where the first card number may begin, in either writing; meant to be asked first, being cheap."""

# A pattern that begins with a class is searched for faster than one that begins by looking back.
_PRINTED: Final = re.compile(
    r"[2-689](?<![0-9]{2})(?="
    rf"(?P<common>[0-9]{{3}}(?:{_MARKS}[0-9]{{4}}){{3}})(?P<more>{_MARKS}[0-9]{{1,3}})?(?![0-9])"
    rf"|(?P<other>[0-9]{{3}}{_MARKS}[0-9]{{6}}{_MARKS}[0-9]{{4,5}})(?![0-9]))"
)
_LONG_ROW: Final = re.compile(rf"[0-9]{{{SHORTEST},}}")
_ALL_BUT_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_GTIN_LENGTH: Final = 13

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
    return passes_luhn(digits) and begins_as_card(digits.decode())


def is_card_number(digits: str, *, is_whole: bool) -> bool:
    """Judge 13 to 19 digits, which are `is_whole` if they were written without any gap."""
    return (
        begins_as_card(digits)
        and passes_luhn(digits.encode())
        and not (is_whole and _is_article_number(digits))
    )


def holds_card_digits(text: str) -> bool:
    """Tell whether any 13 to 19 digits that follow each other, dashes aside, are a card number; forgives nothing.

    Meant for ids in hexadecimal digits, where a number may be padded with others. One in some hundred random ones
    of 48 digits holds one by chance.
    """
    for row in _LONG_ROW.findall(text.replace("-", "")):
        for start in range(len(row) - SHORTEST + 1):
            for end in range(start + SHORTEST, min(start + LONGEST, len(row)) + 1):
                if is_card_number(row[start:end], is_whole=False):
                    return True
    return False


def _is_article_number(digits: str) -> bool:
    """Tell a valid GTIN of 13 digits (GS1): barcodes are everywhere, and cards of 13 are no longer issued."""
    if len(digits) != _GTIN_LENGTH:
        return False
    return (sum(map(int, digits[0::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0
