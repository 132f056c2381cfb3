"""Read what a caller sent into a typed value, or say exactly which field does not fit."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
from django.http import HttpRequest, QueryDict

from apps.kernel.decoding import convert, decode
from apps.kernel.money import PLAIN_DECIMAL
from apps.platform.web.refusals import FieldError, HttpRefusal, validation_failed

T = TypeVar("T")

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone, RFC 3339 in JSON and in the schema."""

Amount = Annotated[
    str,
    msgspec.Meta(max_length=20, extra_json_schema={"pattern": f"^{PLAIN_DECIMAL}$"}),
]
"""A sum of money as a decimal string; the pattern is for callers to see, and the use case says what it refuses."""

# What a whole number never has, and no other word that is taken for a number or a boolean.
_FRACTION_OR_EXPONENT: Final = re.compile(r"[0-9][.eE]")
_JSON_TYPES: Final = frozenset({"application/json", "application/merge-patch+json"})
# PostgreSQL's text cannot hold U+0000. An even number of backslashes before it is only text.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LOCATION: Final = re.compile(r" - at `(?:key` in `)?\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[0-9]+)\]|\[\.\.\.\]")
_FIELD: Final = re.compile(r"^Object (?:missing required|contains unknown) field `(?P<name>.+)`$")


def read_body(request: HttpRequest, kind: type[T]) -> T:
    """Decode the JSON body strictly: no text for a number, no null where none is allowed.

    Raises:
        HttpRefusal: 415, it is no JSON by its content type; 400, it is not well formed; 422, a
            field does not fit, with a JSON pointer to the first such.

    """
    raw = request.body
    if raw and request.content_type not in _JSON_TYPES:
        raise HttpRefusal(
            415,
            "unsupported_media_type",
            "Send the body as application/json.",
            headers={"Accept": "application/json"},
        )
    if b"\\u0000" in raw and _NUL.search(raw):
        raise validation_failed(FieldError(pointer="", detail="Text must not hold U+0000."))
    try:
        return decode(raw, kind)
    except msgspec.ValidationError as error:
        _insist_on_json(raw)
        raise validation_failed(_field_error(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed() from error


def read_query(query: QueryDict, kind: type[T]) -> T:
    """Turn the query parameters into a Struct; the last of several wins unless a list is wanted.

    Numbers, booleans, times and ids are read from their text, as JSON would have it: no number is
    a time, and `null` is a word like any other, except for a number or a boolean that may be left out:
    there it says just that, as the schema allows. A whole number has digits and a sign: `1e1` is none.

    Raises:
        HttpRefusal: 422, a parameter does not fit; it is named.

    """
    hints = _parameter_hints(cast("Hashable", kind))
    values: dict[str, Any] = {
        name: query.getlist(name) if _is_list(hints.get(name)) else query[name] for name in query
    }
    # Told to be less strict, msgspec reads any text as a time or as nothing where it can, and `1.0` as whole.
    for name, hint in hints.items():
        if name in values and (
            not _may_be(hint, int, float, bool) or _has_part(values[name], hint)
        ):
            values[name] = _parameter(values[name], hint, name)
    return _parameter(values, kind)


def _parameter(value: object, kind: type[T], name: str = "") -> T:
    """Read one parameter by its name as JSON's text, or without a name all of them."""
    try:
        return convert(value, kind, strict=bool(name))
    except msgspec.ValidationError as error:
        fault = _field_error(str(error))
        name = name or (fault.pointer or "").lstrip("/").partition("/")[0]
        raise validation_failed(FieldError(parameter=name, detail=fault.detail)) from error


@cache
def _parameter_hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(kind)}


def _is_list(hint: Any) -> bool:
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_origin(bare) in (list, tuple, set, frozenset)


def _may_be(hint: Any, *kinds: type) -> bool:
    """Tell whether a parameter, or one of several by its name, may be of one of these kinds."""
    return hint in kinds or any(_may_be(inner, *kinds) for inner in get_args(hint))


def _has_part(value: str | list[str], hint: Any) -> bool:
    """Tell whether a number is written with a fraction or an exponent where only a whole one is wanted."""
    if not _may_be(hint, int) or _may_be(hint, float):
        return False
    texts = value if isinstance(value, list) else [value]
    return any(map(_FRACTION_OR_EXPONENT.search, texts))


def _insist_on_json(raw: bytes) -> None:
    """Refuse a body that breaks off after the field that did not fit."""
    try:
        decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed() from error


def _malformed() -> HttpRefusal:
    return HttpRefusal(400, "malformed_json", "The body is not well-formed JSON.")


def _field_error(message: str) -> FieldError:
    """Turn msgspec's `… - at `$.items[0].sku`` into a sentence and a JSON pointer."""
    location = _LOCATION.search(message)
    path = location["path"] if location else ""
    detail = message[: location.start()] if location else message
    steps = [step["name"] or step["index"] for step in _STEP.finditer(path)]
    # What lies behind `[...]` is a member whose name msgspec does not tell: point at its owner.
    names = [name for name in steps[: _known_steps(steps)] if name is not None]
    field = _FIELD.match(detail)
    if field:
        names.append(field["name"])
    return FieldError(pointer="".join(f"/{_escaped(name)}" for name in names), detail=detail)


def _known_steps(steps: list[str | None]) -> int:
    return steps.index(None) if None in steps else len(steps)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
