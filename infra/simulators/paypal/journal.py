"""The file of the simulated PayPal's books: JSON, a line for each thing that happened."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from infra.simulators.paypal.objects import Event, Kept, Order


class ChangeLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """An order in its new state, the events of that, and the key that brought it about.

    All in one line: a kill in between would have the key do its work twice.
    """

    order: Order
    events: tuple[Event, ...] = ()
    kept: Kept | None = None


class DeliveredLine(Struct, frozen=True, kw_only=True, tag="delivered"):
    """The receiver of webhooks has taken an event."""

    event_id: str


Line = ChangeLine | DeliveredLine

_encoder = msgspec.json.Encoder()


class Journal:
    """Appends lines. They survive the end of the process, not that of the machine."""

    def __init__(self, path: Path) -> None:
        """Write to this file, which is made if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab", buffering=0)

    def lines(self) -> Iterator[Line]:
        """Read all lines; to be called before the first is appended.

        A last line that a kill has cut short is dropped, here and from the file.
        """
        decoder = msgspec.json.Decoder(Line)
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    whole += len(line)
                    yield decoder.decode(line)
        self._file.truncate(whole)

    def append(self, line: Line) -> None:
        """Write a line: after a kill it is there, or cut short."""
        self._file.write(_encoder.encode(line) + b"\n")

    def empty(self) -> None:
        """Forget everything."""
        self._file.truncate(0)
