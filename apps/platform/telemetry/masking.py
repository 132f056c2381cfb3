"""Take out of a value what must never be written down: card numbers, credentials, email addresses,
and the rows that PostgreSQL quotes when it refuses one.

Masking twice gives the same as masking once. The price of certainty: one number in ten that looks
like a card number without being one is masked as well; identifiers in UUID or trace form never are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias
from uuid import UUID

from apps.platform.luhn import passes_luhn

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

CARD: Final = "[card]"
HIDDEN: Final = "[secret]"
EMAIL: Final = "[email]"
DEEPER: Final = "[…]"
DEPTH_LIMIT: Final = 6

_SECRET_KEYS: Final = frozenset(
    {
        "authorization",
        "proxy_authorization",
        "cookie",
        "set_cookie",
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "jwt",
        "api_key",
        "apikey",
        "private_key",
        "signing_key",
        "client_secret",
        "secret_key",
        "sessionid",
        "csrftoken",
        "csrfmiddlewaretoken",
        "card_number",
        "pan",
        "cvv",
        "cvc",
        "cvv2",
        "security_code",
        "stripe_signature",
    }
)
_SECRET_ENDINGS: Final = ("_password", "_secret", "_token", "_api_key", "_private_key")

_SUSPICIOUS: Final = re.compile(
    r"@|\d(?:[ \u00a0.-]?\d){12}|bearer|basic|eyj|sk_|rk_|sec_|akia|passw|secret|token|key|cv[vc]"
)
_CARD_OR_ID: Final = re.compile(
    r"(?P<id>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b)"
    r"|(?P<number>(?<!\d)\d(?:[ \u00a0.-]?\d){12,}(?!\d))",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(r"([ \u00a0.-])")
_FEWEST_DIGITS: Final = 13
_MOST_DIGITS: Final = 19
# No payment card begins with 0 or 1; times in milliseconds do.
_LOWEST_FIRST_DIGIT: Final = 2
# Repetitions are bounded: a hostile text must not cost more than its length.
_CREDENTIALS: Final = (
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"\b((?:\w{0,40}_)?(?:password|passwd|secret|token|api_?key|private_key|cvv|cvc))"
            r"([\"']?\s{0,9}[=:]\s{0,9}[\"']?)(?!bearer |basic )[^\s\"'&,;(){}]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\beyJ[\w-]{5,4096}\.[\w-]{5,4096}\.[\w-]*"), HIDDEN),
    (re.compile(r"\b(?:sk|rk|whsec)_[A-Za-z0-9_]{6,}"), HIDDEN),
    (re.compile(r"\bAKIA[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"(?<=://)[^\s/@:]{0,99}:[^\s/@]{0,200}@"), f"{HIDDEN}@"),
    (re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), EMAIL),
)

_DETAIL_MARK: Final = "DETAIL:"
# "Failing row contains (…)": the whole row, perhaps over several lines, to the end of this error.
_DETAIL: Final = re.compile(
    rf"\n[ |]*{_DETAIL_MARK}.*?(?=\n[ |]*\n[ |]*(?:The above|During handling)|\Z)",
    re.DOTALL,
)


def masked(value: object) -> Plain:
    """Copy a value into plain JSON types, with everything secret in it replaced.

    Mappings and sequences are copied to a depth of 6 and cut off there. A key that names a secret
    hides its whole value. Anything that is no JSON type becomes its text.
    """
    return _masked(value, depth=0)


def masked_text(text: str) -> str:
    """Replace card numbers, bearer tokens, secret keys and email addresses in a text.

    The detail of a database error is left out.
    """
    if _DETAIL_MARK in text:
        text = _DETAIL.sub("", text)
    if _SUSPICIOUS.search(text.lower()) is None:
        return text
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return _CARD_OR_ID.sub(_without_card, text)


def is_secret_key(key: str) -> bool:
    """Tell whether a field of this name holds a secret, whatever its value looks like."""
    name = key.lower().replace("-", "_")
    return name in _SECRET_KEYS or name.endswith(_SECRET_ENDINGS)


def _masked(value: object, *, depth: int) -> Plain:
    if value is None or isinstance(value, bool | float):
        return value
    if type(value) is str:
        return masked_text(value)
    match value:
        case Enum():
            return _masked(value.value, depth=depth)
        case str():
            return masked_text(str(value))
        case int():
            return int(value) if abs(value) < 10**12 else _masked_number(value)
        case UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return masked_text(str(value))
        case bytes() | bytearray():
            return masked_text(bytes(value).decode("utf-8", "backslashreplace"))
        case Mapping() | list() | tuple() | set() | frozenset() if depth >= DEPTH_LIMIT:
            return DEEPER
        case Mapping():
            return dict(_masked_item(str(key), item, depth + 1) for key, item in value.items())
        case list() | tuple() | set() | frozenset():
            return [_masked(item, depth=depth + 1) for item in value]
        case _:
            return masked_text(_text_of(value))


def _masked_item(key: str, value: object, depth: int) -> tuple[str, Plain]:
    name, is_secret = _known_key(key)
    if is_secret and value is not None and value != "":
        return name, HIDDEN
    return name, _masked(value, depth=depth)


@lru_cache(maxsize=4096)
def _known_key(key: str) -> tuple[str, bool]:
    """Judge the name of a field once: there are few of them, and each comes with every line."""
    return masked_text(key), is_secret_key(key)


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:
        # A log line about a broken object is worth more than the object's own words.
        return f"<{type(value).__qualname__}>"


def _masked_number(number: int) -> int | str:
    text = str(number)
    after = masked_text(text)
    return number if after == text else after


def _without_card(match: re.Match[str]) -> str:
    if match["number"] is None:
        return match[0]
    pieces = _SEPARATOR.split(match["number"])
    written: list[str] = []
    place = 0
    while place < len(pieces):
        length = _card_length(pieces, place)
        written.append(CARD if length else pieces[place])
        place += length or 1
    return "".join(written)


def _card_length(pieces: list[str], start: int) -> int:
    """Count the pieces, digits and separators in turn, that make up a card number from `start` on.

    The longest reading wins; one number is written with one kind of separator.
    """
    if start % 2 or int(pieces[start][0]) < _LOWEST_FIRST_DIGIT:
        return 0
    found = 0
    digits = ""
    for end in range(start, len(pieces), 2):
        if end > start + 2 and pieces[end - 1] != pieces[start + 1]:
            break
        # Digits of other scripts are digits too.
        digits += "".join(str(int(digit)) for digit in pieces[end])
        if len(digits) > _MOST_DIGITS:
            break
        if len(digits) >= _FEWEST_DIGITS and passes_luhn(digits.encode()):
            found = end - start + 1
    return found
