"""How card numbers and security codes are written: the one idea of it that the door and the logs share.

A number is 13 to 19 digits that pass the Luhn check (ISO/IEC 7812), in one of two writings:

* groups of any length with a *gap* of up to four spaces, dashes or line ends between them;
* the groups that are printed on cards, 4-4-4-4 (and up to three more digits), 4-6-5 or 4-6-4, with up to
  four *marks* of any kind between them: `4000/0566/5566/5556`.

Any other grouping with marks is taken for what it mostly is: a list, a date, a version, an amount. So are
printed groups in a longer row of fours with one mark between them all, `4001,4012,4043,4044,4045,4046`, and
those that count up. Other four are a card, and so are five, of which the last may say until when it is valid.

Digits without any gap are a number of a card only if they begin with 2 to 6, as those of all cards do, and are no
article number by their check digit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from apps.platform.luhn import passes_luhn

SHORTEST: Final = 13
LONGEST: Final = 19

GAP: Final = r"[ \t\r\n-]{0,4}"
# All that ASCII has but quotes, brackets and braces: those end a value in JSON.
_MARKS_BUT_BLANKS: Final = r"!#$%&'()*+,./:;<=>?@\\^_`|~-"
_MARK_KINDS: Final = rf" \t\r\n{_MARKS_BUT_BLANKS}"
_MARKS: Final = rf"[{_MARK_KINDS}]{{1,4}}"

# The look ahead is no more than a short cut: most digits have a letter or a quote soon after them.
ENOUGH_DIGITS: Final = re.compile(
    rf"[0-9](?=[0-9{_MARK_KINDS}]{{12}})(?:[{_MARK_KINDS}]{{0,4}}[0-9]){{12}}"
)
"""Finds where the first card number may begin, in either writing; meant to be asked first, being cheap."""

# A pattern that begins with a class is searched for faster than one that begins by looking back.
_PRINTED: Final = re.compile(
    r"[2-6](?<![0-9][2-6])(?="
    rf"(?P<common>[0-9]{{3}}(?:{_MARKS}[0-9]{{4}}){{3}})(?P<more>{_MARKS}[0-9]{{1,3}})?(?![0-9])"
    rf"|(?P<other>[0-9]{{3}}{_MARKS}[0-9]{{6}}{_MARKS}[0-9]{{4,5}})(?![0-9]))"
)
_ISSUERS: Final = re.compile(r"2[2-7]|3[04-9]|4|5[0-8]|6")
_MARK: Final = re.compile(r"[^0-9 \t\r\n-]")
_NO_DIGITS: Final = re.compile(r"[^0-9]+")
_NO_DIGIT: Final = bytes(set(range(256)) - set(b"0123456789"))

_BLANKS: Final = r"[ \t\r\n]{0,4}"
_LIST_MARK: Final = rf"{_BLANKS}(?P<mark>[{_MARKS_BUT_BLANKS}]{{1,4}}){_BLANKS}"
_NEXT: Final = rf"{_BLANKS}(?P=mark){_BLANKS}[0-9]{{4}}(?![0-9])"
_FOUR_AND_MARK: Final = re.compile(rf"(?<![0-9])[0-9]{{4}}{_LIST_MARK}\Z")
_FURTHEST_BACK: Final = 17
_ROW: Final = re.compile(
    rf"[0-9]{{4}}{_LIST_MARK}[0-9]{{4}}(?:{_NEXT}){{2}}(?P<two>(?:{_NEXT}){{2,}})?"
)

UUID: Final = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"

# Milliseconds, microseconds and nanoseconds since 1970, from 2014 to 2033.
_EPOCH_LENGTHS: Final = frozenset({13, 16, 19})
_EPOCH_STARTS: Final = ("14", "15", "16", "17", "18", "19")
# 20261122093000, and with milliseconds.
_CALENDAR_LENGTHS: Final = frozenset({14, 17})
_CALENDAR_STARTS: Final = ("19", "20")

_CARD_STARTS: Final = ("2", "3", "4", "5", "6")
_GTIN_LENGTHS: Final = frozenset({13, 14})
# Cards of 14 digits are those of one issuer.
_DINERS: Final = re.compile(r"(?:36|38|30[0-5])[0-9]{11,12}\Z")

# Three or four digits are a security code only where they are called one: "cvv": "123", CID: 1234.
# All begin with one class: it is searched for faster than words are.
_CODE_WORD: Final = re.compile(
    r"[csv](?:v[vcnd]|sc|id(?<=cid)|av2|ard[ _-]?code|ecurity|erification)"
)
_CODE_ENDING: Final = r"(?:[ _-]?(?:code|number|value|no|nr))?"
_PLAIN_NAME: Final = (
    rf"(?:card[ _-]?)?(?:cv[vcn]2?|(?:security|verification)[ _-]?(?:code|value)){_CODE_ENDING}"
)
# These mean other things too: courses, companies, models, and the codes of gift cards. In small
# letters `cid` is what programs call a customer, a campaign or a channel.
_UNSURE_NAME: Final = (
    rf"(?:card[ _-]?)?(?:cvd2?|csc2?|(?-i:CID)|cav2){_CODE_ENDING}"
    r"|(?<![0-9a-z][_-])(?<!gift[ ])card[ _-]?code"
)
CODE_NAME: Final = rf"(?<![0-9a-z])(?:{_PLAIN_NAME}|{_UNSURE_NAME})"
"""To be compiled without regard to case, for ASCII."""
_SAID: Final = r"[\"']?[ \t]{0,4}(?:[:=>]|is\b|ist\b)[ \t]{0,4}[\"'(\[ ]{0,3}"
CODE: Final = re.compile(
    rf"(?P<name>(?<![0-9a-z])(?:{_PLAIN_NAME}(?:{_SAID}|[ \t\"'(\[]{{1,8}})"
    rf"|(?:{_UNSURE_NAME})(?:{_SAID}|[ \t]{{0,4}}[\"'])))"
    r"[0-9]{3,4}(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,
)

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_LAST_KEPT: Final = 0xFFFF


def in_plain_writing(text: str) -> str:
    """Write digits of every script and style in ASCII, and what may stand between them.

    The result is as long as the text, so that places in one are places in the other. Blanks, invisible
    signs and accents become spaces, dashes become `-`, all other marks `/`; letters stay.
    """
    if text.isascii():
        return text
    return _BEYOND_ASCII.sub(lambda found: found[0].translate(_PLAIN), text)


def names_security_code(text: str) -> bool:
    """Tell whether a text in plain writing holds a security code that says that it is one."""
    return may_name_security_code(text) and CODE.search(text) is not None


def may_name_security_code(text: str) -> bool:
    """Tell whether a text holds a word that such names have; cheap, and to be asked first."""
    return _CODE_WORD.search(text.lower()) is not None


def spans_of_printed(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Give where numbers stand, from `start` on, in a text in plain writing that are grouped as on cards.

    Only what has a mark beyond gaps between two groups; the rest is for whoever looks for gaps.
    """
    found = _PRINTED.search(text, start)
    while found is not None:
        beginning, place = found.start(), found.start() + 1
        row_end = None if found["common"] is None else _end_of_row(text, beginning)
        if row_end is not None:
            # Its last group may be the first of a number with other marks.
            place = row_end - 4
        else:
            # What follows the 16 digits may be three more, or a security code.
            ends = {found.end(kind) for kind in ("other", "more", "common")} - {-1}
            yield from ((beginning, end) for end in ends if _is_printed(text[beginning:end]))
        found = _PRINTED.search(text, place)


def _is_printed(written: str) -> bool:
    digits = written.encode().translate(None, _NO_DIGIT)
    return (
        passes_luhn(digits)
        and _ISSUERS.match(written) is not None
        and _MARK.search(written) is not None
        and not _counts_up(written)
    )


def _counts_up(written: str) -> bool:
    """Tell articles that follow each other, `4003/4004/4005/4006`: so does no card in a million million."""
    numbers = [int(group) for group in _NO_DIGITS.split(written)]
    return all(after == before + 1 for before, after in pairwise(numbers))


def _end_of_row(text: str, start: int) -> int | None:
    """Say where a row of groups of four ends that is too long for a card, None where it is not."""
    row = _ROW.match(text, start)
    if row is None:
        return None
    before = _FOUR_AND_MARK.search(text[max(0, start - _FURTHEST_BACK) : start])
    is_longer = row["two"] is not None or (before is not None and before["mark"] == row["mark"])
    return row.end() if is_longer else None


def may_be_card(digits: str) -> bool:
    """Tell whether digits that follow each other without a gap begin as a card's do."""
    return digits.startswith(_CARD_STARTS)


def is_article_number(digits: str) -> bool:
    """Tell a valid GTIN of 13 or 14 digits (GS1): barcodes are everywhere, and cards that short are rare.

    Cards of 13 digits are no longer issued; those of 14 begin with 36, 38 or 300 to 305.
    """
    if len(digits) not in _GTIN_LENGTHS or (
        len(digits) == max(_GTIN_LENGTHS) and _DINERS.match(digits)
    ):
        return False
    backwards = digits[::-1]
    return (sum(map(int, backwards[0::2])) + 3 * sum(map(int, backwards[1::2]))) % 10 == 0


def is_instant(digits: str) -> bool:
    """Tell a time as programs write it, as a count since 1970 or as a calendar's digits."""
    length = len(digits)
    return (length in _EPOCH_LENGTHS and digits.startswith(_EPOCH_STARTS)) or (
        length in _CALENDAR_LENGTHS and digits.startswith(_CALENDAR_STARTS)
    )


class _Signs(dict[int, str]):
    """What each sign beyond ASCII is read as; it is found out when the sign first comes."""

    def __missing__(self, code: int) -> str:
        """Find it out, and keep it where there are only so many: nobody is to fill our memory."""
        plain = _plain(chr(code))
        if code <= _LAST_KEPT:
            self[code] = plain
        return plain


def _plain(sign: str) -> str:
    match unicodedata.category(sign):
        case "Nd" | "No":
            digit = unicodedata.digit(sign, None)
            return sign if digit is None else str(digit)
        case "Pd":
            return "-"
        case "Zs" | "Zl" | "Zp" | "Cf" | "Mn" | "Me":
            return " "
        case kind if kind[0] in "PS":
            return "-" if sign == "\N{MINUS SIGN}" else "/"
        case _:
            return sign


_PLAIN: Final = _Signs()
