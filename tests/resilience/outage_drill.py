"""The drill of an outage: one provider is away for half an hour, the other one and the orders go on."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from infra.local.stack import Stack
from tests.resilience import endings
from tests.resilience.books import PROVIDERS
from tests.resilience.journal import Acknowledged, Journal
from tests.resilience.mischief import Mischief
from tests.resilience.outage_judge import (
    Course,
    Outage,
    draw_calls,
    judge_calls,
    judge_outage,
    judge_placements,
    pace_limit,
    read_courses,
)
from tests.resilience.outage_plan import (
    AWAY,
    WARM_UP_SECONDS,
    OutagePlan,
    plan_outage,
    plan_outage_orders,
)
from tests.resilience.part import PartResult, in_words, seconds_in_words
from tests.resilience.plan import MEND, SPOIL
from tests.resilience.stage import (
    CUSTOMERS_AT_ONCE,
    Screen,
    check_course,
    course_on,
    crowd_of,
    customers_of,
    fresh_stack,
    let_arrive,
    settle,
)

NAME = "outage"
CONTROL_SECONDS = 10.0
SECONDS_LISTED = 15


def run_outage(plan: OutagePlan, *, home: Path, screen: Screen) -> PartResult:
    """Make the drill on a platform in `home`, which is stopped at the end.

    Raises:
        CannotStart: the platform does not come up.
    """
    with fresh_stack(home, report=screen.step, environment=plan.environment) as stack:
        return play_outage(plan, stack=stack, screen=screen)


def play_outage(plan: OutagePlan, *, stack: Stack, screen: Screen) -> PartResult:
    """Make the drill on a running platform with the plan's settings, which goes on afterwards."""
    began, started_at = time.monotonic(), datetime.now(UTC)
    simulators_url = stack.environment["OMS_SIMULATORS_URL"]
    journal = Journal(stack.home.path / f"journal-{NAME}.jsonl")
    customers = customers_of(stack, name=f"{NAME}-{plan.seed}", journal=journal)
    wishes = plan_outage_orders(plan)
    times = {customers.key_of(wish): wish.at for wish in wishes}
    _count_calls_anew(simulators_url)
    mischief = Mischief(stack, plan_outage(plan), seed=plan.seed)
    with crowd_of(customers, at_once=CUSTOMERS_AT_ONCE) as crowd:
        try:
            mischief.start()
            served = let_arrive(
                wishes,
                seconds=plan.seconds,
                crowd=crowd,
                serve=customers.serve,
                show=course_on(screen, journal, mischief.injected),
            )
            customers.lose_patience_at(time.monotonic() + plan.limit_seconds)
            quiet_after = settle(stack, served, seconds=plan.settle_within, screen=screen)
            wait(served)
        finally:
            mischief.stop()
    for one in served:
        one.result()
    outage = _when(mischief)
    placed = journal.list("placed")
    courses = read_courses(stack.environment["DATABASE_URL"], [one.order_id for one in placed])
    most_at_once = {name: _calls(simulators_url, name)[1] for name in PROVIDERS}
    by_second, _ = _calls(simulators_url, AWAY)
    latencies = _latencies(plan, placed, times)
    violations = {
        **check_course(stack, customers, quiet_after=quiet_after, seconds=plan.settle_within),
        **judge_outage(plan, courses, outage),
        **judge_placements(before=latencies["before"], during=latencies["during"]),
        **judge_calls(plan, by_second, max(most_at_once.values()), outage),
        **endings.check_everything(stack.environment, journal),
    }
    journal.close()
    figures = {
        "provider": AWAY,
        "scaled": plan.scaling,
        "orders_asked": len(wishes),
        "orders_acknowledged": len(placed),
        "placement_seconds": latencies,
        "seconds_to_the_last_confirmation": _last_confirmation(courses, outage),
        "seconds_to_quiet": quiet_after and round(quiet_after, 2),
        "most_calls_at_once": most_at_once,
        "most_calls_a_second_allowed": pace_limit(plan),
        "calls_by_second_after_recovery": [
            by_second.get(int(outage.ended_at) + second, 0) for second in range(SECONDS_LISTED)
        ],
        "calls_while_away": sum(
            count for at, count in by_second.items() if outage.began_at <= at < outage.ended_at
        ),
        "plan": asdict(plan),
    }
    return PartResult(
        name=NAME,
        seed=plan.seed,
        started_at=started_at,
        seconds=time.monotonic() - began,
        figures=figures,
        lines=_lines(figures),
        violations=violations,
        chart=draw_calls(by_second, outage),
    )


def _count_calls_anew(simulators_url: str) -> None:
    for provider in PROVIDERS:
        requests.delete(
            f"{simulators_url}/{provider}/_calls", timeout=CONTROL_SECONDS
        ).raise_for_status()


def _calls(simulators_url: str, provider: str) -> tuple[dict[int, int], int]:
    """Give how often a provider was called by second, and how many calls at most at once."""
    answer = requests.get(f"{simulators_url}/{provider}/_calls", timeout=CONTROL_SECONDS)
    answer.raise_for_status()
    shown = answer.json()
    by_second = {int(second): count for second, count in shown["by_second"].items()}
    return by_second, int(shown["most_at_once"])


def _when(mischief: Mischief) -> Outage:
    """Say when the provider went and came back, as it came about."""
    went = next(at for at, fault in mischief.happened if fault.kind == SPOIL)
    back = [at for at, fault in mischief.happened if (fault.kind, fault.provider) == (MEND, AWAY)]
    return Outage(began_at=went, ended_at=back[-1])


def _latencies(
    plan: OutagePlan, placed: Sequence[Acknowledged], times: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Compare how long placements took before the outage and during it; `times` is by key."""
    before, during = (
        [one.seconds for one in placed if begin <= times[one.key] < end]
        for begin, end in (
            (WARM_UP_SECONDS, plan.begins_at),
            (plan.begins_at, plan.ends_at),
        )
    )
    shares = {"p50": 0.5, "p95": 0.95}
    figures = {
        phase: {name: percentile(seconds, share) for name, share in shares.items()}
        for phase, seconds in (("before", before), ("during", during))
    }
    ratio = {
        name: round(figures["during"][name] / figures["before"][name], 2)
        for name in shares
        if figures["before"][name]
    }
    return {**figures, "ratio": ratio}


def percentile(seconds: Sequence[float], share: float) -> float:
    """Give the time within which this share was done, 0 where there was nothing."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _last_confirmation(courses: Sequence[Course], outage: Outage) -> float | None:
    """Say how long after the return the last order that had waited for it was confirmed."""
    waited = [
        one.confirmed_at
        for one in courses
        if one.provider == AWAY and one.placed_at < outage.ended_at
    ]
    if not waited or None in waited:
        return None
    return round(max(at for at in waited if at is not None) - outage.ended_at, 2)


def _lines(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    latency = figures["placement_seconds"]
    before, during, ratio = latency["before"], latency["during"], latency["ratio"]
    return [
        ("Scaled", "; ".join(figures["scaled"])),
        ("Orders", f"{figures['orders_acknowledged']} of {figures['orders_asked']}"),
        (
            "Placement",
            f"p50 {before['p50'] * 1000:.0f} ms before, {during['p50'] * 1000:.0f} ms during; "
            f"p95 {before['p95'] * 1000:.0f} ms before, {during['p95'] * 1000:.0f} ms during "
            f"(× {ratio.get('p95', '?')})",
        ),
        (
            "Last confirmed",
            f"{seconds_in_words(figures['seconds_to_the_last_confirmation'])} after",
        ),
        ("Calls while away", str(figures["calls_while_away"])),
        ("Most calls at once", in_words(figures["most_calls_at_once"])),
        ("Most calls a second allowed", str(figures["most_calls_a_second_allowed"])),
        ("Quiet after", seconds_in_words(figures["seconds_to_quiet"])),
    ]
