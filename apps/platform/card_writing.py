"""How card numbers and security codes are written: the one idea of it that the door and the logs share.

A number is 13 to 19 digits that pass the Luhn check (ISO/IEC 7812), in one of two writings:

* groups of any length with a *gap* of up to four spaces, dashes or line ends between them;
* the groups that are printed on cards, 4-4-4-4 (and up to three more digits), 4-6-5 or 4-6-4, with up to
  four *marks* of any kind between them: `4000/0566/5566/5556`.

Any other grouping with marks is taken for what it mostly is: a list, a date, a version, an amount.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from apps.platform.luhn import passes_luhn

SHORTEST: Final = 13
LONGEST: Final = 19

GAP: Final = r"[ \t\r\n-]{0,4}"
# All that ASCII has but quotes, brackets and braces: those end a value in JSON.
_MARK_KINDS: Final = r" \t\r\n!#$%&'()*+,./:;<=>?@\\^_`|~-"
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

# Milliseconds, microseconds and nanoseconds since 1970, from 2014 to 2033.
_EPOCH_LENGTHS: Final = frozenset({13, 16, 19})
_EPOCH_STARTS: Final = ("14", "15", "16", "17", "18", "19")
# 20261122093000, and with milliseconds.
_CALENDAR_LENGTHS: Final = frozenset({14, 17})
_CALENDAR_STARTS: Final = ("19", "20")

# Three or four digits are a security code only where they are called one: "cvv": "123", CID 1234.
# All begin with one class: it is searched for faster than words are.
_CODE_WORD: Final = re.compile(
    r"[csv](?:v[vcnd]|sc|id(?<=cid)|av2|ard[ _-]?code|ecurity|erification)"
)
# In small letters `cid` is what programs call a customer, a campaign or a channel.
CODE_NAME: Final = (
    r"(?:card[ _-]?)?(?:cv[vcnd]2?|csc2?|(?-i:CID)|cav2"
    r"|(?:security|verification)[ _-]?(?:code|value|number)|card[ _-]?code)"
    r"(?:[ _-]?(?:code|number|value|no|nr))?"
)
CODE: Final = re.compile(
    rf"(?<![0-9a-z])(?P<name>{CODE_NAME}[\"']?[ \t]{{0,4}}(?:[:=>]|is\b|ist\b)?[ \t]{{0,4}}[\"'(\[ ]{{0,3}})"
    r"[0-9]{3,4}(?![0-9a-z])",
    re.IGNORECASE,
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
    for found in _PRINTED.finditer(text, start):
        # What follows the 16 digits may be three more, or a security code.
        for end in {found.end("other"), found.end("more"), found.end("common")} - {-1}:
            written = text[found.start() : end]
            digits = _NO_DIGITS.sub("", written)
            if _MARK.search(written) and _ISSUERS.match(digits) and passes_luhn(digits.encode()):
                yield found.start(), end


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
