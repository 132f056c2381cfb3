"""What customers were promised, on disk before anybody acts on it: the drill's own memory."""

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """An answer that a customer got: `what` is placed, repeated, cancelled, approved
    or refunded.

    `seconds` is how long the customer tried until it came.
    """

    what: str
    key: str
    order_id: str
    seconds: float


class Journal:
    """Appends answers, each on the disk before `write` returns. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        """Begin an empty journal."""
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._entries: list[Acknowledged] = []

    def write(self, entry: Acknowledged) -> None:
        """Keep an answer."""
        line = json.dumps(asdict(entry)).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            os.fsync(self._file.fileno())
            self._entries.append(entry)

    def list(self, what: str) -> "list[Acknowledged]":
        """Give the answers of one kind, in the order they came."""
        with self._lock:
            return [entry for entry in self._entries if entry.what == what]

    def count(self, what: str) -> int:
        """Say how many answers of one kind there are."""
        return len(self.list(what))

    def close(self) -> None:
        """Finish the journal."""
        self._file.close()
