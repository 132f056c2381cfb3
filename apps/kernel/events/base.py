"""What every published fact has in common."""

import re
import uuid
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact that a context has published; it never changes once stored.

    `version` is that of the payload's shape and rises with a change that old readers would not
    understand.
    """

    version: ClassVar[int] = 1
    aggregate_type: ClassVar[str]

    @property
    @abstractmethod
    def aggregate_id(self) -> uuid.UUID:
        """Identify the thing the fact is about; facts are numbered within it."""

    @property
    @abstractmethod
    def key(self) -> uuid.UUID:
        """Name the story the fact belongs to; every subscriber sees one story in order."""


def wire_name(event_type: type[Event]) -> str:
    """Give the stable name of an event type, `context.fact`: `orders.order_created`."""
    name = _names.get(event_type)
    if name is None:
        context = event_type.__module__.rpartition(".")[2]
        name = f"{context}.{_HUMP.sub('_', event_type.__name__).lower()}"
        _names[event_type] = name
    return name


_names: dict[type[Event], str] = {}
