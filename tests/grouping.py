"""Keep the tests that share something costly on one of the parallel workers.

pytest-xdist has a mark for that (`xdist_group`), which its release 3.8 does not see under pytest 9.2: a
worker's ids of tests no longer take the name of the group on. So groups go by path here.
"""

import os

import pytest
from xdist.scheduler import LoadGroupScheduling

ALONE = (
    (
        "tests/e2e/",
        "tests/resilience/test_drill_quick.py",
        "tests/resilience/test_payment_drills_quick.py",
    ),
    ("tests/integration/invariants/",),
    ("tests/integration/telemetry/test_tracing.py",),
    ("tests/integration/infra/test_embedded_servers.py",),
)
"""The tests of each of these share servers, a story told once, or what stands in a worker's database meanwhile.

Those of the first start whole platforms and judge how soon these do things: two at once would be slow
for no fault of theirs.
"""


class ByPath(LoadGroupScheduling):
    """Sends every test to whoever is free, and those of a group to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group[0] for group in ALONE if nodeid.startswith(group)), nodeid)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start two workers more than there are processors: much of the time they wait for servers.

    One of them walks the journeys and drills, and waits for whole platforms.
    """
    return len(os.sched_getaffinity(0)) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadGroupScheduling | None:
    """Schedule by path where the groups are asked for."""
    return ByPath(config, log) if config.getvalue("dist") == "loadgroup" else None
