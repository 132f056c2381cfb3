"""Recognise card numbers and security codes in what callers send, so that none ever gets further than the door.

How they are written says `platform.cards`. One number in ten passes the Luhn check by chance, so what is
plainly something else is let through: parts of longer tokens, UUIDs, fractions, telephone numbers written
with `+`, bank accounts, article numbers, and lists of numbers, in JSON or in words.

Digits without any gap that touch a letter or an underscore are a card number only where the word says so:
`card4000…`, `PAN4242…`, `…5556cvv`. All others are references, such as `order_4000…`. No reference has gaps:
groups as on cards are a number whatever touches them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from apps.platform.cards.glued import is_card_of_word_after, is_card_of_word_before, is_token
from apps.platform.cards.identifiers import without_identifiers
from apps.platform.cards.issuers import LONGEST, SHORTEST
from apps.platform.cards.lists import counts_up, without_rows
from apps.platform.cards.plain_writing import in_plain_writing
from apps.platform.cards.security_codes import CODE, may_name_security_code
from apps.platform.cards.writing import ENOUGH_DIGITS, GAP, is_card_number, spans_of_printed

_RUN: Final = re.compile(rf"[0-9](?:{GAP}[0-9]){{12,}}")
_DIGITS: Final = re.compile(r"[0-9]+")
_HIGH, _LOW = r"\\u([Dd][89ABab][0-9A-Fa-f]{2})", r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})"
_ESCAPE: Final = re.compile(rf"{_HIGH}{_LOW}|\\(?:u([0-9A-Fa-f]{{4}})|.)", re.DOTALL)
_EXPONENT: Final = re.compile(r"[0-9][eE][+-]?[0-9]")
# As JSON may write numbers, and nobody else does: 4.000056655665556e15.
_FLOAT: Final = re.compile(
    r"(?<![^:,\[\s])-?(?=[0-9.]{3})[0-9]{1,40}(?:\.[0-9]{1,400})?[eE][+-]?0{0,7}[0-4]?[0-9](?=[,\]}\s])"
)
_LONGEST_TELEPHONE: Final = 15
# A number that stands alone is one candidate and takes more than eight characters.
_PATIENCE: Final = 64
_PATIENCE_CHARACTERS: Final = 8
_NO_STRUCTURE: Final = re.compile(r"[^0-9,. \t\r\n-]")


def contains_card_data(data: bytes) -> bool:
    """Tell whether a text holds a card number, or a security code that says that it is one."""
    text = _read(data)
    if _holds_number(text):
        return True
    return may_name_security_code(text) and CODE.search(_without_exponents(text)) is not None


def contains_card_number(data: bytes) -> bool:
    """Tell whether a JSON text or a decoded query string holds a card number.

    Costs some microseconds where no 13 digits follow each other. Never keeps or logs what it read.
    A text that is hardly anything but spaced digits counts as holding one, so that nobody can
    make a small text expensive.
    """
    return _holds_number(_read(data))


def _read(data: bytes) -> str:
    """Give the text with its JSON escapes resolved, in plain writing."""
    text = data.decode("utf-8", "replace")
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return in_plain_writing(text)


def _unescaped(escape: re.Match[str]) -> str:
    """Give what a JSON escape stands for: a line break before a number is no part of a token."""
    high, low, code = escape.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    # A quote that is escaped ends no value.
    return chr(int(code, 16)).replace('"', " ") if code else " "


def _without_exponents(text: str) -> str:
    """Write a number with an exponent as JSON's readers will; what comes after it has another place then."""
    if _EXPONENT.search(text) is None:
        return text
    return _FLOAT.sub(lambda found: format(Decimal(found[0]), "f"), text)


def _holds_number(text: str) -> bool:
    if ENOUGH_DIGITS.search(text) is None:
        return False
    text = without_identifiers(_without_exponents(text))
    first = ENOUGH_DIGITS.search(text)
    if first is None:
        return False
    return _holds_run(text, first.start()) or _holds_printed(text, first.start())


def _holds_run(text: str, first: int) -> bool:
    patience = _PATIENCE + len(text) // _PATIENCE_CHARACTERS
    for run in _RUN.finditer(text, first):
        for groups in _candidates(text, run.start(), run.end()):
            patience -= 1
            if patience < 0 or (
                is_card_number("".join(groups), is_whole=len(groups) == 1) and not counts_up(groups)
            ):
                return True
    return False


def _holds_printed(text: str, first: int) -> bool:
    if next(spans_of_printed(text, first), None) is None:
        return False
    text = without_rows(text)
    is_document = text.lstrip()[:1] in ("[", "{")
    quotes, counted = 0, 0
    for start, end in spans_of_printed(text, first):
        quotes, counted = quotes + text.count('"', counted, start), start
        is_list = is_document and quotes % 2 == 0 and _is_list(text, start, end)
        if not is_list and not counts_up(_DIGITS.findall(text, start, end)):
            return True
    return False


def _is_list(text: str, start: int, end: int) -> bool:
    """Tell whether digits outside the strings of a JSON document are some of its numbers."""
    before, after = text[max(0, start - 9) : start].rstrip()[-1:], text[end : end + 9].lstrip()[:1]
    is_apart = before in ("[", ",", ":") and after in ("]", ",", "}")
    return is_apart and _NO_STRUCTURE.search(text, start, end) is None


def _candidates(text: str, start: int, end: int) -> Iterator[list[str]]:
    """Give every 13 to 19 digits of a run that begin and end with one of its groups."""
    before = text[start - 1 : start]
    groups = _DIGITS.findall(text, start, end)
    if before == "+" and sum(map(len, groups)) <= _LONGEST_TELEPHONE:
        return
    if before == "." and text[start - 2 : start - 1].isdigit():
        groups[0] = ""
    is_glued_before = _is_glue(before)
    if is_glued_before and is_token(text, start, start + len(groups[0])):
        groups[0] = ""
    is_glued_after = _is_glue(text[end : end + 1])
    if is_glued_after and is_token(text, end - len(groups[-1]), end):
        groups[-1] = ""
    last = len(groups) - 1
    for first in range(len(groups)):
        digits = ""
        for position in range(first, len(groups)):
            digits += groups[position]
            if not groups[position] or len(digits) > LONGEST:
                break
            if len(digits) < SHORTEST:
                continue
            if is_glued_before and first == 0:
                if is_card_of_word_before(text, start, digits):
                    yield groups[first : position + 1]
            elif not (is_glued_after and position == last) or is_card_of_word_after(
                text, end, digits
            ):
                yield groups[first : position + 1]


def _is_glue(neighbour: str) -> bool:
    return neighbour == "_" or neighbour.isalpha()
