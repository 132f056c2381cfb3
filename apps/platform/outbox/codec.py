"""Events from JSON, with old versions lifted to today's shape."""

from typing import Any

from apps.kernel import decoding
from apps.kernel.events import CATALOGUE, Event
from apps.kernel.events.upcasting import UPCASTERS


class UnknownEventType(LookupError):
    """An event was published by a newer release; it waits until this one knows it."""


class UpcasterMissing(LookupError):
    """An event of an old version is stored, and nothing lifts it to the present one."""


def decode(type_name: str, version: int, payload: str) -> Event:
    """Rebuild an event from its stored form.

    Raises:
        UnknownEventType: a newer release stored it.
        UpcasterMissing: there is no way from its version to ours.
        msgspec.ValidationError: the payload does not fit.
    """
    event_type = CATALOGUE.get(type_name)
    if event_type is None or version > event_type.version:
        raise UnknownEventType(f"{type_name} v{version}")
    if version == event_type.version:
        return decoding.decode(payload, event_type)
    document: Any = decoding.decode(payload)
    for stored in range(version, event_type.version):
        upcaster = UPCASTERS.get((type_name, stored))
        if upcaster is None:
            raise UpcasterMissing(f"{type_name} v{stored} has no upcaster")
        document = upcaster(document)
    return decoding.convert(document, event_type)
