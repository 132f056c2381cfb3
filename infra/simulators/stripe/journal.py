"""The file of the simulated Stripe's books: JSON, a line for each thing that happened."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from infra.simulators.stripe.objects import Failure, Subject


class ChangeLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """An intent or refund in its new state, and the events of that, by their names."""

    subject: Subject
    created: int
    events: dict[str, str]
    request_id: str | None = None
    key: str | None = None


class AnsweredLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="answered"):
    """A key and its first answer; the object in it is the one of the line before, by its name."""

    key: str
    fingerprint: str
    created: int
    status: int
    subject_id: str | None = None
    failure: Failure | None = None
    error: dict[str, object] | None = None
    expand: tuple[str, ...] = ()


class DeliveredLine(Struct, frozen=True, kw_only=True, tag="delivered"):
    """The receiver of webhooks has taken an event."""

    event_id: str


Line = ChangeLine | AnsweredLine | DeliveredLine

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

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines together: after a kill all of them are there, or the last one is cut short."""
        if lines:
            self._file.write(b"".join(_encoder.encode(line) + b"\n" for line in lines))

    def empty(self) -> None:
        """Forget everything."""
        self._file.truncate(0)
