"""The kinds of values that settings have, and the words for one that does not fit."""

from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from apps.kernel.decoding import convert

Positive = Annotated[int, Meta(ge=1, description="a whole number of 1 or more")]
NotNegative = Annotated[int, Meta(ge=0, description="a whole number of 0 or more")]
Port = Annotated[int, Meta(ge=0, le=65_535, description="a port from 1 to 65535, or 0 for none")]
Hexadecimal = Annotated[
    str, Meta(pattern="^([0-9A-Fa-f]{2})*$", description="made of pairs of hexadecimal digits")
]
RedisUrl = Annotated[
    str, Meta(pattern="^(rediss?|unix)://", description="a URL such as redis://host:6379/0")
]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

_LONGEST_SHOWN = 60
_MAY_BE_SECRET = ("SECRET", "KEY", "PASSWORD", "TOKEN", "URL")


def fault_of(name: str, value: str, kind: Any) -> str | None:
    """Say in one line what was given and what is allowed; None where the value fits its kind.

    What may be a secret, by the variable's name, is not repeated.
    """
    try:
        convert(value, kind, strict=False)
    except msgspec.ValidationError:
        may_be_secret = any(word in name for word in _MAY_BE_SECRET)
        given = "what is given" if may_be_secret else repr(value[:_LONGEST_SHOWN])
        return f"{name}: {given} is not {_allowed(kind)}."
    return None


def _allowed(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    (meta,) = kind.__metadata__
    return str(meta.description)
