"""All runs, each group of them on a fresh platform of its own."""

import time
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.status import Status

from infra.local.environment import EMBEDDED
from infra.local.stack import Stack
from tests.performance.ceiling import Ceiling, measure_ceiling
from tests.performance.database import prepare_server
from tests.performance.figures import Run
from tests.performance.homes import temporary_home
from tests.performance.measuring import Bench
from tests.performance.saturation import search
from tests.performance.scenarios import SATURATION, Platform, Scenario, warm_up
from tests.performance.targets import judged

LONGEST_SECONDS = 14 * 60.0
# What follows the last arrival of a run, in the worst case.
AFTERMATH_SECONDS = 60.0
# One program stands for thousands of customers here; what one client may do is not measured.
UNLIMITED = {"OMS_RATE_LIMIT_PER_MINUTE": "10000000"}


class Benchmark:
    """Makes runs and tells of each; `runs` and `ceilings` hold what was found."""

    def __init__(self, console: Console, *, ceiling_seconds: float, keep: bool) -> None:
        self._console = console
        self._ceiling_seconds = ceiling_seconds
        self._keep = keep
        self._started = time.monotonic()
        self._status = Status("", console=console)
        self.ceilings: list[Ceiling] = []
        self.runs: list[Run] = []

    def make(self, scenarios: Sequence[Scenario], *, is_bounded: bool) -> None:
        """Make the runs; where it `is_bounded`, those that would end after 15 minutes are left out.

        Raises:
            CannotStart: a platform or the generator did not come up.
        """
        with self._status:
            for platform, group in groupby(scenarios, key=lambda scenario: scenario.platform):
                due = [one for one in group if not is_bounded or self._is_time_for(one)]
                if due:
                    self._make_on(platform, due, is_bounded=is_bounded)

    def _make_on(
        self, platform: Platform, scenarios: Sequence[Scenario], *, is_bounded: bool
    ) -> None:
        environment = {**EMBEDDED, **UNLIMITED, **platform.environment}
        with temporary_home(keep=self._keep) as home:
            if self._keep:
                self._say(f"  Data and logs stay in {home}")
            self._status.update("starting PostgreSQL")
            # The server reads its settings only when it starts. And while nothing else runs, the
            # ceiling is the machine's own, which is not the same in every minute where others share it.
            with Stack(home, environment=environment, roles=()) as services:
                url = services.environment["DATABASE_URL"]
                prepare_server(url)
                ceiling = self._find_ceiling(url)
            started = time.monotonic()
            self._status.update("starting the platform")
            with Stack(home, environment=environment) as stack:
                self._say(
                    f"  A fresh platform is up after {time.monotonic() - started:.1f} s; payment "
                    f"calls take {platform.gateway_latency_ms} ms"
                )
                bench = Bench(stack, ceiling=ceiling, progress=self._status.update)
                self._status.update("warming up")
                bench.measure(warm_up(platform))
                for scenario in scenarios:
                    if not is_bounded or self._is_time_for(scenario):
                        self._make_one(scenario, bench)

    def _make_one(self, scenario: Scenario, bench: Bench) -> None:
        def measure(one: Scenario) -> Run:
            self._status.update(f"{one.name}: {one.title}")
            run = bench.measure(one)
            self._say(_line(one, run))
            return run

        found = search(scenario, measure) if scenario.name == SATURATION else [measure(scenario)]
        self.runs += [judged(run) for run in found]

    def _find_ceiling(self, url: str) -> Ceiling:
        self._status.update("measuring the ceiling")
        ceiling = measure_ceiling(url, seconds=self._ceiling_seconds)
        self.ceilings.append(ceiling)
        self._say(f"  Ceiling of this machine: {ceiling.orders_per_min:,.0f} orders a minute")
        return ceiling

    def _is_time_for(self, scenario: Scenario) -> bool:
        spent = time.monotonic() - self._started
        longest = scenario.seconds + scenario.further_seconds + AFTERMATH_SECONDS
        if spent + longest <= LONGEST_SECONDS:
            return True
        self._say(f"  – {scenario.name} is left out: the benchmark has taken {spent:.0f} s already")
        return False

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)


def _line(scenario: Scenario, run: Run) -> str:
    rate = f" at {run.offered_per_min:,.0f}/min" if run.offered_per_min else ""
    return (
        f"  {'✗' if run.errors else '✓'} {scenario.name + rate:<28} p95 placement "
        f"{_milliseconds(run.placement_ms.p95)}, confirmation {_milliseconds(run.confirm_ms.p95)}, "
        f"{run.errors} errors"
    )


def _milliseconds(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} ms"
