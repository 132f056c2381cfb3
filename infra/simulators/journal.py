"""The file of a simulator's books: JSON, a line for each thing that happened."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from apps.kernel.decoding import decoder_of

Line = TypeVar("Line")


class Journal(Generic[Line]):
    """Appends lines. They survive the end of the process, not that of the machine."""

    def __init__(self, path: Path, lines: Any) -> None:
        """Write to this file, which is made if need be; `lines` is the type of a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._decoder = decoder_of(lines)
        self._encoder = msgspec.json.Encoder()
        self._file = path.open("ab", buffering=0)

    def lines(self) -> Iterator[Line]:
        """Read all lines; to be called before the first is appended.

        A last line that a kill has cut short is dropped, here and from the file.
        """
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    whole += len(line)
                    yield self._decoder.decode(line)
        self._file.truncate(whole)

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines together: after a kill all of them are there, or the last one is cut short."""
        if lines:
            self._file.write(b"".join(self._encoder.encode(line) + b"\n" for line in lines))

    def empty(self) -> None:
        """Forget everything."""
        self._file.truncate(0)
