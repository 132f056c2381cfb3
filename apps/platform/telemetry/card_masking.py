"""Take card numbers out of a text, in whatever writing.

Nothing is forgiven that is a card by its digits, as the door forgives lists and references: what is masked for
nothing costs nobody an order. Only what is certainly something else stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.platform.cards.identifiers import UUID_OR_TRACE, covered
from apps.platform.cards.issuers import LONGEST, SHORTEST
from apps.platform.cards.plain_writing import in_plain_writing
from apps.platform.cards.writing import BLANKS, ENOUGH_DIGITS, is_card_number, spans_of_printed

CARD: Final = "[card]"

# The gaps of `cards.writing`, and dots: the door lets fractions through, a log line can do without some.
_GAP: Final = rf"[{BLANKS}.-]{{0,5}}"
_RUN: Final = re.compile(rf"[0-9](?:{_GAP}[0-9]){{12,}}")
_DIGITS: Final = re.compile(r"[0-9]+")


def without_cards(text: str) -> str:
    """Write `[card]` in the place of each card number; what overlaps becomes one. The text itself if there is none."""
    plain = in_plain_writing(text)
    if ENOUGH_DIGITS.search(plain) is None:
        return text
    plain = UUID_OR_TRACE.sub(covered, plain)
    pieces: list[str] = []
    written = 0
    for start, end in sorted(_spans(plain)):
        if start >= written:
            pieces += [text[written:start], CARD]
        written = max(written, end)
    return "".join(pieces) + text[written:]


def _spans(plain: str) -> Iterator[tuple[int, int]]:
    """Give where numbers stand; of several in a run of digits that begin in one place, the longest."""
    yield from spans_of_printed(plain)
    for run in _RUN.finditer(plain):
        groups = [found.span() for found in _DIGITS.finditer(plain, *run.span())]
        for first, (start, _) in enumerate(groups):
            end = _end_of_number(plain, groups, first)
            if end is not None:
                yield start, end


def _end_of_number(plain: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """Say where a card number ends that begins with this group, None where none does."""
    found = None
    digits = ""
    for position in range(first, len(groups)):
        start, end = groups[position]
        digits += plain[start:end]
        if len(digits) > LONGEST:
            break
        if len(digits) >= SHORTEST and is_card_number(digits, is_whole=position == first):
            found = end
    return found
