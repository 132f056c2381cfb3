"""Recognise card numbers and security codes in what callers send, so that none ever gets further than the door.

A card number is 13 to 19 digits, perhaps with up to four spaces or dashes of any kind between them, or dots
after every fourth, that pass the Luhn check (ISO/IEC 7812). One number in ten passes by chance, so what is plainly something else is let
through: parts of longer tokens, UUIDs, fractions, telephone numbers written with `+`, instants and
article numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.platform.luhn import passes_luhn

_RUN: Final = re.compile(rb"[0-9](?:[ -]{0,4}[0-9]){12,}")
_DIGITS: Final = re.compile(rb"[0-9]+")
_UUID: Final = re.compile(rb"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_UUID_LENGTH: Final = 36
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)
_TOKEN_BYTES: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
# No-break, ideographic and the typographers' spaces, and their dashes; a soft hyphen.
_GAP: Final = re.compile(rb"\xc2[\xa0\xad]|\xe2\x80[\x80-\x95\xaf]|\xe3\x80\x80")
_DOTTED: Final = re.compile(rb"(?<![0-9.])[0-9]{4}(?:\.[0-9]{4}){2}\.[0-9]{1,7}(?![0-9.])")

# Three or four digits are a security code only where they are called one: "cvv": "123", CVC 123.
_CODE_WORDS: Final = (b"cvv", b"cvc", b"cvn", b"security", b"verification")
_CODE: Final = re.compile(
    rb"(?<![0-9a-z])(?:cvv2?|cvc2?|cvn|(?:security|verification)[ _-]?(?:code|value))"
    rb"[\"']?[ \t]{0,4}[:=]?[ \t]{0,4}[\"']?[0-9]{3,4}(?![0-9a-z])"
)

_SHORTEST: Final = 13
_LONGEST: Final = 19
_LONGEST_TELEPHONE: Final = 15
# A number that stands alone is one candidate and takes more than eight bytes.
_PATIENCE: Final = 64
_PATIENCE_BYTES: Final = 8

# Milliseconds, microseconds and nanoseconds since 1970, from 2014 to 2033.
_EPOCH_LENGTHS: Final = frozenset({13, 16, 19})
_EPOCH_STARTS: Final = (b"14", b"15", b"16", b"17", b"18", b"19")
# 20261122093000, and with milliseconds.
_CALENDAR_LENGTHS: Final = frozenset({14, 17})
_CALENDAR_STARTS: Final = (b"19", b"20")


def contains_card_data(data: bytes) -> bool:
    """Tell whether a text holds a card number, or a security code that says that it is one."""
    return contains_card_number(data) or _names_security_code(data)


def _names_security_code(data: bytes) -> bool:
    lowered = data.lower()
    return any(word in lowered for word in _CODE_WORDS) and _CODE.search(lowered) is not None


def contains_card_number(data: bytes) -> bool:
    """Tell whether a JSON text or a decoded query string holds a card number.

    Costs some microseconds where no run of 13 digits exists. Never keeps or logs what it read.
    A text that is hardly anything but spaced digits counts as holding one, so that nobody can
    make a small text expensive.
    """
    if b"\\" in data:
        data = _ESCAPE.sub(_unescaped, data)
    if not data.isascii():
        data = _GAP.sub(b" ", data)
    if _DOTTED.search(data):
        data = _DOTTED.sub(lambda found: found[0].replace(b".", b" "), data)
    patience = _PATIENCE + len(data) // _PATIENCE_BYTES
    for run in _RUN.finditer(data):
        for digits in _candidates(data, run.start(), run.end()):
            patience -= 1
            if patience < 0 or _is_card_number(digits):
                return True
    return False


def _unescaped(escape: re.Match[bytes]) -> bytes:
    """Give what a JSON escape stands for: a line break before a number is no part of a token."""
    code = escape.group(1)
    return chr(int(code, 16)).encode("utf-8", "replace") if code else b" "


def _candidates(data: bytes, start: int, end: int) -> Iterator[bytes]:
    """Give every 13 to 19 digits of a run that begin and end with one of its groups."""
    before = data[start - 1] if start else 0
    groups = _groups(data, start, end)
    if before == ord("+") and sum(map(len, groups)) <= _LONGEST_TELEPHONE:
        return
    is_fraction = before == ord(".") and data[start - 2 : start - 1].isdigit()
    if before in _TOKEN_BYTES or is_fraction:
        groups[0] = b""
    if end < len(data) and data[end] in _TOKEN_BYTES:
        groups[-1] = b""
    for first in range(len(groups)):
        digits = b""
        for position in range(first, len(groups)):
            digits += groups[position]
            if not groups[position] or len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST:
                yield digits


def _groups(data: bytes, start: int, end: int) -> list[bytes]:
    """Split a run into its groups of digits; an empty one stands where a UUID covers some."""
    if b"-" not in data[start:end]:
        return _DIGITS.findall(data, start, end)
    offset = max(0, start - _UUID_LENGTH)
    near = _UUID.sub(b"#" * _UUID_LENGTH, data[offset : end + _UUID_LENGTH])
    pieces = near[start - offset : end - offset].replace(b"#", b" # ").split(b"#")
    groups: list[bytes] = []
    for piece in pieces:
        groups += [*_DIGITS.findall(piece), b""]
    return groups[:-1]


def _is_card_number(digits: bytes) -> bool:
    return (
        not digits.startswith(b"0")
        and passes_luhn(digits)
        and not _is_instant(digits)
        and not _is_article_number(digits)
    )


def _is_instant(digits: bytes) -> bool:
    length = len(digits)
    return (length in _EPOCH_LENGTHS and digits.startswith(_EPOCH_STARTS)) or (
        length in _CALENDAR_LENGTHS and digits.startswith(_CALENDAR_STARTS)
    )


def _is_article_number(digits: bytes) -> bool:
    """Tell a valid EAN-13; cards of 13 digits are no longer issued, barcodes are everywhere."""
    total = sum(digits[0::2]) + 3 * sum(digits[1::2])
    return len(digits) == _SHORTEST and (total - 48 * (7 + 3 * 6)) % 10 == 0
