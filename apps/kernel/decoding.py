"""Read JSON and plain values as our types, in as many threads as there are.

msgspec describes a type to itself when it is first used, and other threads see the description while
it is being made: one that decodes the same type in that moment brings the whole process down (0.22.0,
under CPython 3.11). So the descriptions are made here, by one thread at a time, and msgspec's own
`decode`, `Decoder` and `convert` are used nowhere else. To encode needs no description.
"""

import threading
from functools import cache
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")

_describing = threading.RLock()


def decode(data: bytes | str, kind: type[Kind] = Any) -> Kind:  # type: ignore[assignment]  # whatever it holds
    """Read JSON as a type; as whatever it holds where no type is named.

    Raises:
        msgspec.DecodeError: it is no JSON.
        msgspec.ValidationError: it does not fit the type; the message says where.
    """
    return decoder_of(kind).decode(data)


def convert(value: object, kind: type[Kind], *, strict: bool = True) -> Kind:
    """Read plain values as a type; unless `strict`, numbers and the like from their text, too.

    Raises:
        msgspec.ValidationError: they do not fit; the message says where.
    """
    decoder_of(kind)
    return msgspec.convert(value, kind, strict=strict)


def decoder_of(kind: type[Kind]) -> msgspec.json.Decoder[Kind]:
    """Give the decoder of a type, which is made once."""
    return _decoder_of(kind)  # type: ignore[arg-type]  # mypy does not see that types are hashable


@cache
def _decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    with _describing:
        return msgspec.json.Decoder(kind)
