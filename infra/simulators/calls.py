"""How often a simulated provider is called: by second, and how many calls at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_SHOWN = 900


class Calls:
    """Counts calls from their arrival to their answer. One thread uses it."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._by_second: dict[int, int] = {}
        self._under_way = self._most_at_once = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one call, which is under way until the context ends, however that is."""
        now = int(time.time())
        self._by_second[now] = self._by_second.get(now, 0) + 1
        self._under_way += 1
        self._most_at_once = max(self._most_at_once, self._under_way)
        try:
            yield
        finally:
            self._under_way -= 1

    def shown(self) -> dict[str, object]:
        """Give the figures; seconds are those since 1970, the latest fifteen minutes of them."""
        newest = list(self._by_second.items())[-SECONDS_SHOWN:]
        return {
            "total": sum(self._by_second.values()),
            "most_at_once": self._most_at_once,
            "by_second": {str(second): count for second, count in newest},
        }

    def forget_all(self) -> None:
        """Begin anew; what is under way is counted among those at once."""
        self._by_second.clear()
        self._most_at_once = self._under_way
