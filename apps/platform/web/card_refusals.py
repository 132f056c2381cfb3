"""The refusal of a request that holds card data: what to do, and where it stands, without saying what it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest

from apps.platform.web.card_numbers import contains_card_data
from apps.platform.web.refusals import FieldError, HttpRefusal

GUARDED_HEADERS: Final = (
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH",
    "HTTP_PREFER",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT",
)
"""What callers word themselves. A request id that holds a card number is not taken (see `requests`)."""
_DEEPEST: Final = 12
_LOOKS_LIKE_ONE: Final = (
    "This looks like a card number or a security code; send something else, such as a UUID."
)


def card_refused(request: HttpRequest) -> HttpRefusal:
    """Say what to do, and which header or value is at fault: callers make keys of numbers of their own."""
    errors = [
        FieldError(
            parameter=name.removeprefix("HTTP_").replace("_", "-").title(), detail=_LOOKS_LIKE_ONE
        )
        for name in GUARDED_HEADERS
        if contains_card_data(as_sent(request.META.get(name, "")))
    ]
    pointer = None if errors else pointer_to_card(request.body)
    if pointer:
        errors = [FieldError(pointer=pointer, detail=_LOOKS_LIKE_ONE)]
    return HttpRefusal(
        422,
        "card_number_refused",
        "The request holds what looks like a card number or a security code. Send the token of a payment "
        "method instead, and write numbers of your own as a UUID, or with a word and an underscore before all "
        "digits, such as `order_1234`.",
        errors=errors,
    )


def as_sent(header: str) -> bytes:
    """Give the bytes that a server has handed over as Latin-1, whatever the caller meant by them."""
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode("utf-8", "replace")


def pointer_to_card(body: bytes) -> str | None:
    """Give the JSON pointer to the first value of a document that holds card data.

    It ends at what holds it where it is a name, or spread over several values; empty is the whole document,
    and None is for what is no JSON or holds none. Costs a few times what judging the document does: of what
    there is, one half is always left aside.
    """
    try:
        value = json.loads(body)
        if not _holds_card(value):
            return None
    except (ValueError, RecursionError):
        return None
    pointer = ""
    for _ in range(_DEEPEST):
        found = _first_with_card(value)
        if found is None:
            return pointer
        name, value = found
        pointer += f"/{str(name).replace('~', '~0').replace('/', '~1')}"
    return pointer


def _first_with_card(value: Any) -> tuple[str | int, Any] | None:
    is_object = isinstance(value, dict)
    if not is_object and not isinstance(value, list):
        return None
    items: Sequence[tuple[str | int, Any]] = list(value.items() if is_object else enumerate(value))
    while len(items) > 1:
        half = len(items) // 2
        halves = (items[:half], items[half:])
        items = next((one for one in halves if _hold_card(one, is_object=is_object)), ())
    if not items or _holds_card(str(items[0][0])):
        return None
    return items[0]


def _hold_card(items: Sequence[tuple[str | int, Any]], *, is_object: bool) -> bool:
    return _holds_card(dict(items) if is_object else [one for _, one in items])


def _holds_card(value: Any) -> bool:
    return contains_card_data(json.dumps(value).encode())
