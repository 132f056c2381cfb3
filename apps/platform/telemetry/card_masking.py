"""Take card numbers out of a text, in whatever writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.platform.card_writing import (
    ENOUGH_DIGITS,
    LONGEST,
    SHORTEST,
    UUID,
    in_plain_writing,
    is_article_number,
    is_instant,
    may_be_card,
    spans_of_printed,
)
from apps.platform.luhn import passes_luhn

CARD: Final = "[card]"

# The gaps of `card_writing`, and dots: the door lets fractions through, a log line can do without some.
_GAP: Final = r"[ \t\r\n.-]{0,4}"
_NUMBER_OR_ID: Final = re.compile(
    rf"(?P<id>{UUID}|(?<![0-9A-Za-z])[0-9A-Fa-f]{{32}}(?![0-9A-Za-z]))"
    rf"|(?P<number>(?<![0-9])[0-9](?:{_GAP}[0-9]){{12,}}(?![0-9]))"
)
_DIGITS: Final = re.compile(r"[0-9]+")


def without_cards(text: str) -> str:
    """Write `[card]` in the place of each card number. What stands where two could is masked once."""
    plain = in_plain_writing(text)
    if ENOUGH_DIGITS.search(plain) is None:
        return text
    pieces: list[str] = []
    written = 0
    for start, end in sorted([*_spans_of_runs(plain), *spans_of_printed(plain)]):
        if start >= written:
            pieces += [text[written:start], CARD]
        written = max(written, end)
    return "".join(pieces) + text[written:]


def _spans_of_runs(plain: str) -> Iterator[tuple[int, int]]:
    for found in _NUMBER_OR_ID.finditer(plain):
        if found["number"] is not None:
            yield from _spans_in(plain, found.start(), found.end())


def _spans_in(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the numbers in a run of digits; of several that begin in one place, the longest."""
    groups = [found.span() for found in _DIGITS.finditer(plain, start, end)]
    place = 0
    while place < len(groups):
        last = _last_group(plain, groups, place)
        if last is not None:
            yield groups[place][0], groups[last][1]
            place = last
        place += 1


def _last_group(plain: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """Say with which group a card number ends that begins with the first, None where none does."""
    found = None
    digits = ""
    for position in range(first, len(groups)):
        start, end = groups[position]
        digits += plain[start:end]
        if len(digits) > LONGEST:
            break
        is_whole = position > first or may_be_card(digits)
        if is_whole and len(digits) >= SHORTEST and _is_card_number(digits):
            found = position
    return found


def _is_card_number(digits: str) -> bool:
    """Judge as the door does, but let no digits off that may be a day as well as a card of today."""
    is_time = digits.startswith("1") and is_instant(digits)
    return (
        not digits.startswith("0")
        and not is_time
        and passes_luhn(digits.encode())
        and not is_article_number(digits)
    )
