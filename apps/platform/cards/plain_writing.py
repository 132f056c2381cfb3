"""Write a text in ASCII, as far as digits and what may stand between them go."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_LAST_KEPT: Final = 0xFFFF


def in_plain_writing(text: str) -> str:
    """Write digits of every script and style in ASCII, and what may stand between them.

    The result is as long as the text, so that places in one are places in the other. Blanks, invisible
    signs and accents become spaces, dashes become `-`, all other marks `/`, and letters beyond ASCII `?`: those are
    as good as any mark here.
    """
    if text.isascii():
        return text
    return _BEYOND_ASCII.sub(lambda found: found[0].translate(_PLAIN), text)


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
            return "?" if digit is None else str(digit)
        case "Pd":
            return "-"
        case "Zs" | "Zl" | "Zp" | "Cc" | "Cf" | "Mn" | "Me":
            return " "
        case kind if kind[0] in "PS":
            return "-" if sign == "\N{MINUS SIGN}" else "/"
        case _:
            return "?"


_PLAIN: Final = _Signs()
