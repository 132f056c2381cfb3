"""The refusal of a request that holds card data: what to do, and where it stands, without saying what it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.http import HttpRequest

from apps.platform.cards.numbers import contains_card_data
from apps.platform.web.refusals import FieldError, HttpRefusal

GUARDED_HEADERS: Final = (
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH",
    "HTTP_PREFER",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT",
)
"""What callers word themselves. A request id that holds a card number is not taken (see `requests`)."""
Path = tuple[str | int, ...]
_DEEPEST: Final = 12
_MOST_LOOKS: Final = 20_000
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

    It ends at what holds it where that is a name, or where the pointer would spell it. It is empty, which is the
    whole document, where no single value can be named; None is for what is no JSON. No value is judged more
    than twice, so that this costs no more than some times judging the document.
    """
    try:
        names = _find(json.loads(body), depth=0, looks=iter(range(_MOST_LOOKS))) or ()
    except (ValueError, RecursionError):
        return None
    while names and (_holds_card("/".join(map(str, names))) or _holds_card(_spelt(names))):
        names = names[:-1]
    return _spelt(names)


def _spelt(names: Path) -> str:
    """Write a pointer (RFC 6901), with a mark for what is no character."""
    written = "".join(f"/{str(name).replace('~', '~0').replace('/', '~1')}" for name in names)
    return written.encode("utf-8", "replace").decode()


def _find(value: Any, *, depth: int, looks: Iterator[int]) -> Path | None:
    """Name the way to the first value below this one that holds card data, None for none."""
    for name, inner in _items(value):
        if next(looks, None) is None:
            break
        is_name = isinstance(name, str)
        goes_on = depth < _DEEPEST and _holds_containers(inner)
        judged: Any = "" if goes_on else inner
        if _holds_card({name: judged} if is_name else judged):
            if is_name and _holds_card(name):
                return ()
            # What is judged here and goes deeper still is not entered, or each level would be judged for each.
            is_plain_list = isinstance(inner, list) and not _holds_containers(inner)
            inside = _find(inner, depth=depth + 1, looks=looks) if is_plain_list else None
            return (name, *(inside or ()))
        if goes_on and (found := _find(inner, depth=depth + 1, looks=looks)) is not None:
            return (name, *found)
    return None


def _holds_containers(value: Any) -> bool:
    """Whether to look inside; a list of plain values is one of its name's: `"cvv": ["737"]`."""
    if isinstance(value, list):
        return any(isinstance(one, dict | list) for one in value)
    return isinstance(value, dict)


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _holds_card(value: Any) -> bool:
    return contains_card_data(json.dumps(value).encode())
