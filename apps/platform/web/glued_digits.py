"""Judge digits that touch letters: a card number in a word, or a part of a token."""

from __future__ import annotations

import re
import string
from typing import Final

_LETTERS_AND_DIGITS: Final = string.ascii_letters + string.digits
_FOLLOWING: Final = re.compile(r"[0-9A-Za-z]{0,64}")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_FURTHEST: Final = 64
# Of the ids that are written in hexadecimal, those of documents in databases are the shortest.
_SHORTEST_HEXADECIMAL: Final = 24
_AS_CARDS: Final = re.compile(
    r"(?=[0-9]{15,16}\Z)(?:2[2-7]|3[47]|4|5[1-5]|6)|(?=[0-9]{16}\Z)(?:3[05689]|5[0678])"
)
# International account numbers of two letters and 16 digits; others are shorter or longer.
_ACCOUNT_COUNTRIES: Final = frozenset({"DK", "FI", "FO", "GL"})
_ACCOUNT_LENGTH: Final = 16


def is_token(text: str, start: int, end: int) -> bool:
    """Tell whether the digits from `start` to `end` belong to a token that is letters and digits.

    That is one with digits before the letters that precede these, or long and hexadecimal throughout.
    """
    before = _word_before(text, start)
    if any(one in string.digits for one in before):
        return True
    following = _FOLLOWING.match(text, end)
    whole = f"{before}{text[start:end]}{following[0] if following else ''}"
    return len(whole) >= _SHORTEST_HEXADECIMAL and _HEXADECIMAL.fullmatch(whole) is not None


def is_written_into(text: str, start: int, digits: str) -> bool:
    """Tell whether digits look like a card number even within a word; `start` is where their run begins."""
    return _AS_CARDS.match(digits) is not None and not _is_account(
        _word_before(text, start).upper(), digits
    )


def _word_before(text: str, start: int) -> str:
    near = text[max(0, start - _FURTHEST) : start]
    return near[len(near.rstrip(_LETTERS_AND_DIGITS)) :]


def _is_account(country: str, digits: str) -> bool:
    """Tell an account number by its two check digits (ISO 13616)."""
    if country not in _ACCOUNT_COUNTRIES or len(digits) != _ACCOUNT_LENGTH:
        return False
    first, second = (str(ord(letter) - ord("A") + 10) for letter in country)
    return int(f"{digits[2:]}{first}{second}{digits[:2]}") % 97 == 1
