"""Start PostgreSQL and Valkey for a test run, before Django reads its settings.

Servers named by DATABASE_URL and REDIS_URL are used instead where they are set. Parallel workers
share the servers of the process that started them, each with a database of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stack import Stack

FIRST_DATABASE = 2
"""Of Valkey's sixteen; those before it belong to the cache and the broker."""

_stack: Stack | None = None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start the servers; the wrapper runs ahead of Django's plugin."""
    global _stack
    if "PYTEST_XDIST_WORKER" not in os.environ:
        home = Path(tempfile.mkdtemp(prefix="oms-tests-"))
        _stack = Stack(home, durable=False, roles=())
        _stack.start()
        for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
            os.environ[name] = _stack.environment[name]
    else:
        _take_own_valkey_database(os.environ["PYTEST_XDIST_WORKER"])
    return (yield)


def _take_own_valkey_database(worker: str) -> None:
    """Give a parallel worker breakers, limits and marks of its own, as it has its own database."""
    server, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{server}/{FIRST_DATABASE + int(worker.removeprefix('gw'))}"


def pytest_unconfigure() -> None:
    """Stop the servers."""
    if _stack is not None:
        _stack.stop()
        shutil.rmtree(_stack.home.path, ignore_errors=True)
