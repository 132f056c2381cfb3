"""Other threads with database connections of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection

from apps.platform.idempotency import answering, together

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
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have rivals wait for a minute, not a second: on a slow machine the first one takes longer."""
    production, longer = f"'{answering.WAIT_MILLISECONDS}'", "'60000'"
    for module, name in ((answering, "_REMEMBER"), (together, "_REMEMBER_ALL")):
        statement = getattr(module, name)
        assert production in statement
        monkeypatch.setattr(module, name, statement.replace(production, longer))


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        yield Elsewhere(pool)
