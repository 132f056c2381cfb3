"""Who publishes what, and who hears it, from the running registry."""

from dataclasses import dataclass

from apps.kernel.events import CATALOGUE
from apps.platform.outbox.registry import subscribers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One event type: its publisher and the subscribers that hear it."""

    event: str
    publisher: str
    subscribers: tuple[str, ...]


def list_routes() -> list[Route]:
    """Give every event type by name, those that nobody hears too."""
    return [
        Route(
            event=event_type.__name__,
            publisher=name.partition(".")[0],
            subscribers=tuple(one.name for one in subscribers_of(event_type)),
        )
        for name, event_type in sorted(CATALOGUE.items())
    ]


def as_text() -> str:
    """Write the map as a table in plain text."""
    rows = [
        (route.publisher, route.event, ", ".join(route.subscribers) or "nobody yet")
        for route in list_routes()
    ]
    return "\n".join(f"{publisher:10} {event:28} → {heard}" for publisher, event, heard in rows)


def as_mermaid() -> str:
    """Write the map as a mermaid flow chart: contexts as boxes, events on the arrows."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for route in list_routes():
        for context in sorted({name.partition(".")[0] for name in route.subscribers}):
            arrows.setdefault((route.publisher, context), []).append(route.event)
    lines = [
        f'    {publisher} -->|"{"<br>".join(events)}"| {context}'
        for (publisher, context), events in sorted(arrows.items())
    ]
    return "\n".join(["flowchart LR", *lines])
