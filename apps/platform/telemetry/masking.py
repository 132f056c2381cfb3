"""Take out of a value what must never be written down: card numbers, credentials, email addresses,
and the rows that PostgreSQL quotes when it refuses one.

Masking twice gives the same as masking once. Whatever the door takes for card data in a text is masked, but for
what only JSON makes of it, by its escapes and exponents: those the door resolves and the mask does not. More is masked
than that, lists and references too: the price of certainty is that one number in ten that looks like a card number
without being one is masked as well; identifiers in UUID or trace form never are, nor what begins as no card does.
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

from apps.platform.cards.plain_writing import in_plain_writing
from apps.platform.cards.security_codes import CODE, CODE_NAME, may_name_security_code
from apps.platform.telemetry.card_masking import without_cards

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

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
        "cardnumber",
        "pan",
        "stripe_signature",
    }
)
_SECRET_ENDINGS: Final = ("_password", "_secret", "_token", "_api_key", "_private_key")

_SUSPICIOUS: Final = re.compile(r"@|bearer|basic|eyj|sk_|rk_|sec_|akia|passw|secret|token|key")
# Repetitions are bounded: a hostile text must not cost more than its length.
_CREDENTIALS: Final = (
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"\b((?:\w{0,40}_)?(?:password|passwd|secret|token|api_?key|private_key))"
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

_CODE_KEY: Final = re.compile(rf"(?:{CODE_NAME})\Z", re.IGNORECASE | re.ASCII)
_NAMED_CODE: Final = re.compile(
    rf"({CODE_NAME}[\"']?\s{{0,9}}[=:]\s{{0,9}}[\"']?)[^\s\"'&,;(){{}}]+",
    re.IGNORECASE | re.ASCII,
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
    if _SUSPICIOUS.search(text.lower()) is not None:
        for pattern, replacement in _CREDENTIALS:
            text = pattern.sub(replacement, text)
    return _without_codes(without_cards(text))


def _without_codes(text: str) -> str:
    """Hide security codes; after card numbers, of which one may begin where a code is named."""
    if not may_name_security_code(text):
        return text
    text = _NAMED_CODE.sub(rf"\1{HIDDEN}", text)
    pieces: list[str] = []
    end = 0
    for found in CODE.finditer(in_plain_writing(text)):
        pieces += [text[end : found.end("name")], HIDDEN]
        end = found.end()
    return "".join(pieces) + text[end:]


def is_secret_key(key: str) -> bool:
    """Tell whether a field of this name holds a secret, whatever its value looks like."""
    name = key.lower().replace("-", "_")
    return (
        name in _SECRET_KEYS or name.endswith(_SECRET_ENDINGS) or _CODE_KEY.search(key) is not None
    )


def _masked(value: object, *, depth: int) -> Plain:
    if value is None or isinstance(value, bool):
        return value
    if type(value) is str:
        return masked_text(value)
    match value:
        case Enum():
            return _masked(value.value, depth=depth)
        case str():
            return masked_text(str(value))
        case int() | float():
            return value if -(10**12) < value < 10**12 else _masked_number(value)
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


def _masked_number(number: float) -> float | str:
    text = f"{number:.0f}" if isinstance(number, float) else str(number)
    after = masked_text(text)
    return number if after == text else after
