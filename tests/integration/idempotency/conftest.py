"""Other threads with database connections of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection

T = TypeVar("T")

PARALLEL = 50


class Elsewhere:
    """Runs functions in threads, each with a connection that is closed afterwards."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def run(self, work: Callable[[], T]) -> Future[T]:
        """Begin the work in a thread of its own."""

        def with_own_connection() -> T:
            try:
                return work()
            finally:
                connection.close()

        return self._pool.submit(with_own_connection)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        yield Elsewhere(pool)
