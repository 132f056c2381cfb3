"""How much processor time and memory the platform's processes take, told apart by what they do."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import psutil

SAMPLE_SECONDS = 2.0
MIB = 1024 * 1024
# Stand-ins for the outside world, and the benchmark itself.
NOT_OURS = ("simulators", "launcher")
GROUPS = ("web", "worker", "postgres", "other")

Pids = Mapping[str, int]
Families = Mapping[str, list[psutil.Process]]


def group_of(role: str) -> str:
    """Name the group that a role's costs are counted under."""
    if role.startswith("worker"):
        return "worker"
    return role if role in ("web", "postgres") else "other"


def families(pids: Pids) -> Families:
    """Give the process of every role of the platform with all its descendants."""
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    by_pid: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            by_pid[process.pid] = process
            children[process.ppid()].append(process)
    found: dict[str, list[psutil.Process]] = {}
    for role, pid in pids.items():
        if role not in NOT_OURS and pid in by_pid:
            found[role] = family = [by_pid[pid]]
            for member in family:
                family.extend(children[member.pid])
    return found


def cpu_seconds(pids: Pids) -> dict[str, float]:
    """Give the processor time of every role's family since its start, its dead members included.

    The kernel adds the time of an ended process to its parent's, once the parent has noticed.
    """
    spent: dict[str, float] = {}
    for role, family in families(pids).items():
        total = 0.0
        for process in family:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
                total += getattr(times, "children_user", 0.0)
                total += getattr(times, "children_system", 0.0)
        spent[role] = total
    return spent


def cpu_between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Give the seconds spent by group; a role that was started anew counts from its new start."""
    spent = dict.fromkeys(GROUPS, 0.0)
    for role, seconds in after.items():
        earlier = before.get(role, 0.0)
        spent[group_of(role)] += seconds - earlier if seconds >= earlier else seconds
    return spent


def memory_mib(pids: Pids) -> float:
    """Give the memory of all families; what the members of one share counts once.

    Linux tells shared from private memory. Elsewhere all of it counts for every process.
    """
    total = 0
    for family in families(pids).values():
        largest_share = 0
        for process in family:
            with contextlib.suppress(psutil.Error):
                memory = process.memory_info()
                shared = getattr(memory, "shared", 0)
                largest_share = max(largest_share, shared)
                total += memory.rss - shared
        total += largest_share
    return total / MIB


class PeakMemory:
    """Looks at the memory every two seconds while the block runs; then `mib` is the most it saw."""

    def __init__(self, pids: Callable[[], Pids]) -> None:
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)
        self.mib = 0.0

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.mib = max(self.mib, memory_mib(self._pids()))
            if self._over.wait(SAMPLE_SECONDS):
                return
