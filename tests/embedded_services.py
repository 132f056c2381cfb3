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
    return (yield)


def pytest_unconfigure() -> None:
    """Stop the servers."""
    if _stack is not None:
        _stack.stop()
        shutil.rmtree(_stack.home.path, ignore_errors=True)
