"""Tell lists of four-digit numbers from cards: articles, years and postal codes come in rows as well.

A row of six or more groups of four with one mark between them all, `4001,4012,4043,4044,4045,4046`, is a list
unless every four of them are a card; so are numbers that count up. Other rows of four and five are too short to tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from apps.platform.cards.identifiers import COVER
from apps.platform.cards.writing import BLANKS, LIST_MARKS, is_printed_number

_GROUP: Final = 4
_BLANKS: Final = rf"[{BLANKS}]{{0,4}}"
_NEXT: Final = rf"{_BLANKS}(?P=mark){_BLANKS}[0-9]{{4}}(?![0-9])"
_ROW: Final = re.compile(
    rf"[0-9](?<![0-9]{{2}})[0-9]{{3}}{_BLANKS}(?P<mark>[{LIST_MARKS}]{{1,4}}){_BLANKS}[0-9]{{4}}(?:{_NEXT}){{4,}}"
)
_DIGITS: Final = re.compile(r"[0-9]+")


def without_rows(text: str) -> str:
    """Cover each row that is a list. The text stays as long as it was, and may be of any length."""
    return _ROW.sub(_covered, text)


def counts_up(groups: Sequence[str]) -> bool:
    """Tell numbers that follow each other, `4003/4004/4005/4006`, or sizes, `36 38 40`: so does hardly any card."""
    numbers = list(map(int, groups))
    return {after - before for before, after in pairwise(numbers)} in ({1}, {2})


def _covered(row: re.Match[str]) -> str:
    """Cover what is between the first group and the last: those may be of numbers with other marks."""
    written = row[0]
    groups = _DIGITS.findall(written)
    fours = ["/".join(groups[at : at + _GROUP]) for at in range(0, len(groups), _GROUP)]
    if len(groups) % _GROUP == 0 and all(map(is_printed_number, fours)):
        return written
    return written[:_GROUP] + COVER * (len(written) - 2 * _GROUP) + written[-_GROUP:]
