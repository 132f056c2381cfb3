"""The refusal: an answer of "no" that the business understands."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

JsonValue: TypeAlias = (
    "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class DomainError(Exception):
    """Say no for a reason a person can understand.

    Each kind of refusal is a subclass with its own `code`: a stable snake_case word that callers
    may store and compare. `detail` is a sentence fit for the person who asked; `context` holds the
    facts behind it as JSON values, fit to be shown to that person too, so no secrets.

    A refusal survives pickling and copying, whatever arguments its class takes.

    Raises:
        TypeError: when a subclass is defined without a snake_case `code`.
    """

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Insist on a usable `code`, its own or its parent's, as soon as the class is defined."""
        super().__init_subclass__()
        code = getattr(cls, "code", None)
        if not isinstance(code, str) or _CODE.fullmatch(code) is None:
            raise TypeError(f"{cls.__qualname__} needs a snake_case `code`, not {code!r}")

    def __init__(self, detail: str, **context: JsonValue) -> None:
        """Keep the sentence and the facts behind it."""
        super().__init__(detail)
        self.detail = detail
        self.context: dict[str, JsonValue] = context

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild without calling the subclass, whose constructor may want other arguments."""
        return _revive, (type(self), self.args), self.__dict__


def _revive(kind: type[DomainError], args: tuple[object, ...]) -> DomainError:
    # `__new__` stores `args`; pickle then restores everything else from the state.
    return kind.__new__(kind, *args)
