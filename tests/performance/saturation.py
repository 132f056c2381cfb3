"""The search for saturation: step by step faster, until placements are slow or orders pile up."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from tests.performance.figures import Run, Step
from tests.performance.load import at_rate
from tests.performance.scenarios import SATURATION, Scenario

AT_FOUR_FIFTHS = "saturation-80"
FACTOR = 1.25
MOST_STEPS = 12
SLOW_MS = 250.0
# More than so many seconds' worth of arrivals accepted and not confirmed: they pile up.
PILE_SECONDS = 3.0
FOUR_FIFTHS_LONGER = 2.5

Measure = Callable[[Scenario], Run]


def search(first: Scenario, measure: Measure) -> list[Run]:
    """Give the fastest step that held, with all steps made, and a longer run at 80 % of its rate.

    Where already the first step breaks, it is the one given, and no other run follows.
    """
    scenario, best = first, None
    steps: list[Step] = []
    for _ in range(MOST_STEPS):
        run = measure(scenario)
        broke_by = breakage(run)
        steps.append(
            Step(
                offered_per_min=run.offered_per_min,
                placement_p95_ms=run.placement_ms.p95,
                backlog_end=run.backlog_end,
                broke_by=broke_by,
            )
        )
        if broke_by:
            break
        best = run
        scenario = scenario.changed(rate=scenario.offered_per_min * FACTOR, seconds=None)
    if best is None:
        return [msgspec.structs.replace(run, steps=steps)]
    calmer = replace(
        first,
        name=AT_FOUR_FIFTHS,
        title="80 % of saturation",
        phases=(at_rate(0.8 * best.offered_per_min, first.seconds * FOUR_FIFTHS_LONGER),),
    )
    return [msgspec.structs.replace(best, name=SATURATION, steps=steps), measure(calmer)]


def breakage(run: Run) -> str:
    """Say what broke at this rate; nothing where the platform kept up."""
    if run.errors:
        return "errors"
    if run.placement_ms.p95 is None or run.placement_ms.p95 > SLOW_MS:
        return "placement"
    if run.backlog_end > PILE_SECONDS * run.offered_per_min / 60:
        return "backlog"
    return ""
