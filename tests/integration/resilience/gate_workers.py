"""Workers that share a provider's gate: some are gates within the test, some processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from prometheus_client import REGISTRY

from apps.platform.resilience.breaker import Transition
from apps.platform.resilience.gate import Gate
from apps.platform.resilience.stores import GateSettings

QUICK = GateSettings(open_ms=200, trial_ms=400, lease_ms=300)
"""Gives up what a worker does not report before a person would notice."""
PATIENT = GateSettings(open_ms=200, trial_ms=300_000, lease_ms=300_000)
"""Gives up nothing for as long as a test takes, however slow the machine."""
PROJECT = Path(__file__).resolve().parents[3]


def now() -> datetime:
    """Read the clock, as the workers' doors do."""
    return datetime.now(UTC)


def fail(gate: Gate, calls: int = 5) -> Transition | None:
    """Make calls that all find the provider unavailable."""
    leases = gate.permits(calls, now())
    assert len(leases) == calls
    return gate.record([], leases, now())


def metric(name: str, gateway: str) -> float | None:
    """Read what this process reports of a gate."""
    return REGISTRY.get_sample_value(name, {"gateway": gateway})


def start_worker(url: str, *, slots: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start a worker process on the server of a URL."""
    return subprocess.Popen(
        [
            *(sys.executable, str(Path(__file__).with_name("gate_worker.py"))),
            *("stripe", str(slots), str(seconds)),
        ],
        env={
            **os.environ,
            "REDIS_URL": url,
            "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def let_go(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """Have workers begin together, once all of them are ready."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"go\n")
        worker.stdin.flush()


class Report(TypedDict):
    """What a worker says in the end."""

    calls: list[tuple[float, float]]
    longest: float


def finish(worker: subprocess.Popen[bytes]) -> Report:
    """Wait for a worker's report."""
    output, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    report: Report = json.loads(output)
    return report


def most_at_once(calls: list[tuple[float, float]]) -> int:
    """Count how many calls were on their way at the same time, at most."""
    changes = sorted([(began, 1) for began, _ in calls] + [(ended, -1) for _, ended in calls])
    most = under_way = 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)
    return most
