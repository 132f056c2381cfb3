"""The platform's own processes: the role of each, its command, and how it is told to be ready."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from infra.local.home import PROJECT
from infra.local.ports import HOST
from infra.local.supervisor import Program

WEB = "web"
SIMULATORS = "simulators"
SCHEDULER = "scheduler"
# What each worker takes from the broker.
WORKER_QUEUES = {
    # One process takes orders all the way: on two cores, handing them over between processes would
    # cost more than handling them. In a cluster every queue has workers of its own.
    "worker-saga": "orders,inventory,payments",
    "worker-background": "notifications,customers,maintenance",
}
ROLES = (SIMULATORS, WEB, *WORKER_QUEUES, SCHEDULER)
# In the order of stopping: first no new work, then none in flight, then what they talked to.
STOP_ORDER: tuple[Sequence[str], ...] = ((WEB, SCHEDULER), tuple(WORKER_QUEUES), (SIMULATORS,))

# One web process for two cores: what comes at the same moment is written together, but only within a
# process, and the workers and the database need the other core (ADR 13).
WEB_WORKERS = max(1, len(os.sched_getaffinity(0)) // 2)
WEB_THREADS = 24
"""Twice as many as requests with `Prefer: wait` may hold (`OMS_WAITING_REQUESTS`)."""
WEB_BACKLOG = 1024
WORKER_THREADS = 12
HTTP_TIMEOUT_SECONDS = 2.0


class Programs:
    """Builds the programs of one stack."""

    def __init__(self, *, environment: Mapping[str, str], home: Path) -> None:
        self._environment = environment
        self._home = home

    def web(self, port: int) -> Program:
        """The web server; ready when the platform says so itself."""
        return self._program(
            WEB,
            *("granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
            *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
            *("--backlog", str(WEB_BACKLOG), "--no-ws", "--no-access-log"),
            # A process that is killed is replaced within seconds.
            *("--respawn-failed-workers", "--log-level", "warning"),
            "config.wsgi:application",
            is_ready=lambda pid: answers(f"http://{HOST}:{port}/health/ready"),
        )

    def simulators(self, port: int) -> Program:
        """The stand-ins for the payment provider and the post."""
        return self._program(
            SIMULATORS,
            *("infra.simulators", "--port", str(port), "--mailbox", str(self._home / "mailbox")),
            is_ready=lambda pid: answers(f"http://{HOST}:{port}/healthz"),
        )

    def worker(self, role: str) -> Program:
        """A worker for the queues of its role; ready once it has left its process id in a file."""
        note = self._home / f"{role}.ready"
        return self._program(
            role,
            *("celery", "-A", "config", "worker", "--queues", WORKER_QUEUES[role]),
            *("--pool", "threads", "--concurrency", str(WORKER_THREADS)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("-n", f"{role}@%h", "--loglevel", "WARNING"),
            extra={"OMS_READY_FILE": str(note)},
            is_ready=lambda pid: has_noted(note, pid),
        )

    def scheduler(self) -> Program:
        """The clock that puts periodic work on the queues."""
        schedule = str(self._home / "beat")
        return self._program(
            SCHEDULER, *("celery", "-A", "config", "beat", "-s", schedule, "--loglevel", "WARNING")
        )

    def _program(
        self,
        role: str,
        *arguments: str,
        extra: Mapping[str, str] = MappingProxyType({}),
        is_ready: Callable[[int], bool] = lambda pid: True,
    ) -> Program:
        return Program(
            role=role,
            command=[sys.executable, "-m", *arguments],
            environment={**self._environment, "OMS_SERVICE": f"oms-{role}", **extra},
            directory=PROJECT,
            log=self._home / "logs" / f"{role}.log",
            is_ready=is_ready,
        )


def has_noted(note: Path, pid: int) -> bool:
    """Say whether the process of this id has left it in the file."""
    try:
        return note.read_text(encoding="utf-8") == str(pid)
    except OSError:
        return False


def answers(url: str) -> bool:
    """Say whether a local address answers with 200; a proxy in the environment is not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=HTTP_TIMEOUT_SECONDS) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
