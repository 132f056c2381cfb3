"""What one run is summed up in, and the arithmetic behind it."""

import bisect
import math
from collections.abc import Sequence

from msgspec import Struct, field


class Percentiles(Struct, frozen=True, kw_only=True):
    """The spread of times in milliseconds; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Verdict(Struct, frozen=True, kw_only=True):
    """A target of a run, what was measured, and whether that is enough."""

    target: str
    wanted: str
    measured: str
    is_met: bool
    missed_by: str = ""


class Step(Struct, frozen=True, kw_only=True):
    """One step of the search for saturation; `broke_by` is empty where the platform kept up."""

    offered_per_min: float
    placement_p95_ms: float | None
    backlog_end: float
    broke_by: str


class StatementCost(Struct, frozen=True, kw_only=True):
    """One kind of statement: how often, and for how long, the server worked on it per order."""

    statement: str
    calls_per_order: float
    ms_per_order: float


class Run(Struct, frozen=True, kw_only=True):
    """All figures of one run.

    Orders a minute and the backlog (orders accepted and not confirmed) are those of the time in
    which orders arrived; CPU and statements are those of all orders until the last was done with.
    """

    name: str
    offered_per_min: float
    seconds: float
    orders: int
    accepted_per_min: float
    confirmed_per_min: float
    errors: int
    error_kinds: dict[str, int]
    placement_ms: Percentiles
    confirm_ms: Percentiles
    backlog_start: float
    backlog_end: float
    backlog_is_flat: bool
    cpu_ms_per_order: float | None
    cpu_ms_by_role: dict[str, float]
    peak_rss_mib: float
    statements_per_order: float | None
    statements_are: str
    transaction_control_per_order: float | None
    dearest_statements: list[StatementCost]
    ceiling_per_min: float
    ratio_to_ceiling: float
    gateway_latency_ms: int
    generator_cpu_ms_per_order: float
    generator_late_ms: float
    notes: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    targets: list[Verdict] = field(default_factory=list)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Give the smallest value that at least so many percent of all do not exceed; None of none."""
    if not values:
        return None
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def percentiles_ms(seconds: Sequence[float]) -> Percentiles:
    """Sum up times given in seconds."""
    found = [percentile(seconds, percent) for percent in (50, 95, 99)]
    p50, p95, p99 = (None if value is None else round(value * 1000, 1) for value in found)
    return Percentiles(p50=p50, p95=p95, p99=p99)


def per_minute(instants: Sequence[float], *, start: float, end: float) -> float:
    """Give how many a minute there were between two instants.

    Where `end` is not after `start`, as in a burst, the last one is the end.
    """
    if end <= start:
        return 60 * len(instants) / (max(instants) - start) if instants else 0.0
    return 60 * sum(start <= instant <= end for instant in instants) / (end - start)


class Backlog:
    """How many orders were accepted and not yet confirmed, at any instant."""

    def __init__(self, *, accepted: Sequence[float], confirmed: Sequence[float]) -> None:
        self._accepted = sorted(accepted)
        self._confirmed = sorted(confirmed)

    def at(self, instant: float) -> int:
        """Count the orders in between; below zero never, though a confirmation may be quicker."""
        accepted = bisect.bisect_right(self._accepted, instant)
        return max(0, accepted - bisect.bisect_right(self._confirmed, instant))

    def mean(self, start: float, end: float, *, samples: int = 50) -> float:
        """Give the mean between two instants."""
        step = (end - start) / samples
        return sum(self.at(start + step * (number + 0.5)) for number in range(samples)) / samples
