"""The whole platform, running: one for the journeys of customers and the drills of payments.

To start one costs as much as all journeys together. The drills come first: they judge all that the
database and the providers' books hold, and know of no orders but their own.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.environment import EMBEDDED
from infra.local.stack import Stack

DRILLS = "tests/resilience/test_payment_drills_quick.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the drills."""
    items.sort(key=lambda item: not item.nodeid.startswith(DRILLS))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start everything once, with the settings that the drills need."""
    # Here, because most workers start no platform.
    from tests.resilience.outage_plan import quick_outage
    from tests.resilience.payments_drill import ENVIRONMENT

    running = Stack(
        Path(tempfile.mkdtemp(prefix="oms-platform-")),
        # A crash of the database must not lose what was answered.
        durable=True,
        environment={**EMBEDDED, **ENVIRONMENT, **quick_outage(seed=0).environment},
    )
    try:
        running.start()
        yield running
    finally:
        running.forget()
