"""What the platform is expected to reach on two cores, and whether a run did."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from tests.performance.figures import Run, Verdict
from tests.performance.saturation import AT_FOUR_FIFTHS
from tests.performance.scenarios import PROVIDERS

PLACEMENT = "placement p95"
CONFIRMATION = "placement to confirmed p95"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on one figure of some runs: no run may be above it, or below it where `at_least`."""

    name: str
    runs: tuple[str, ...]
    figure: Callable[[Run], float | None]
    bound: float
    unit: str = ""
    at_least: bool = False
    plus_gateway: bool = False

    def judge(self, run: Run) -> Verdict:
        """Compare; a figure that was not measured misses its target."""
        bound = self.bound + (run.gateway_latency_ms if self.plus_gateway else 0)
        measured = self.figure(run)
        unit = f" {self.unit}" if self.unit else ""
        sign = "≥" if self.at_least else "≤"
        excess = 0.0
        if measured is not None:
            excess = bound - measured if self.at_least else measured - bound
        return Verdict(
            target=self.name,
            wanted=f"{sign} {_plain(bound)}{unit}" if bound else "none",
            measured="–" if measured is None else f"{_plain(measured)}{unit}",
            is_met=measured is not None and excess <= 0,
            missed_by=f"{_plain(excess)}{unit}" if excess > 0 else "",
        )


AT_THE_PEAK = ("steady", "step", "gateway")
BY_PROVIDER = tuple(f"gateway-{means.provider}" for means in PROVIDERS)

TARGETS = (
    Target(
        name="confirmed orders",
        runs=("sustained",),
        figure=lambda run: run.confirmed_per_min,
        bound=10_000,
        unit="/min",
        at_least=True,
    ),
    Target(
        name="growth of the backlog",
        runs=("sustained",),
        figure=lambda run: max(0.0, run.backlog_end - run.backlog_start),
        # A second's worth of arrivals.
        bound=170,
        unit="orders",
    ),
    Target(
        name="CPU per confirmed order",
        runs=("sustained",),
        figure=lambda run: run.cpu_ms_per_order,
        bound=8,
        unit="ms",
    ),
    Target(
        name=PLACEMENT,
        runs=AT_THE_PEAK,
        figure=lambda run: run.placement_ms.p95,
        bound=100,
        unit="ms",
    ),
    Target(
        name=CONFIRMATION,
        runs=AT_THE_PEAK,
        figure=lambda run: run.confirm_ms.p95,
        bound=1_500,
        unit="ms",
        plus_gateway=True,
    ),
    Target(
        name=PLACEMENT,
        runs=(AT_FOUR_FIFTHS,),
        figure=lambda run: run.placement_ms.p95,
        bound=250,
        unit="ms",
    ),
    Target(
        name="confirmed orders",
        runs=("hot-sku",),
        figure=lambda run: run.confirmed_per_min,
        bound=5_000,
        unit="/min",
        at_least=True,
    ),
    Target(
        name="confirmed orders",
        runs=BY_PROVIDER,
        figure=lambda run: run.confirmed_per_min,
        bound=3_000,
        unit="/min",
        at_least=True,
    ),
    Target(
        name=PLACEMENT,
        runs=BY_PROVIDER,
        figure=lambda run: run.placement_ms.p95,
        bound=100,
        unit="ms",
    ),
    Target(
        name="errors",
        runs=(
            *AT_THE_PEAK,
            "sustained",
            AT_FOUR_FIFTHS,
            "hot-sku",
            "burst",
            "gateway-fast",
            *BY_PROVIDER,
        ),
        figure=lambda run: run.errors,
        bound=0,
    ),
)


def judged(run: Run) -> Run:
    """Give the run with the verdicts on it."""
    return msgspec.structs.replace(run, targets=list(_verdicts(run)))


def _verdicts(run: Run) -> Iterable[Verdict]:
    for target in TARGETS:
        if run.name in target.runs:
            yield target.judge(run)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
