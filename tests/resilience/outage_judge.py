"""The verdict on an outage: who waited for whom, how long, and how the provider was called."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from tests.resilience.outage_plan import AWAY, BREAKER_SECONDS, THE_OTHER, OutagePlan
from tests.resilience.verdict import Violations

TRIAL_CALLS = 3
UNTIL_OPEN_SECONDS = 3
"""By then the breaker has opened, and what was under way has ended."""
HANDLING_SECONDS = 5.0
"""How long an order may take from its placement to its confirmation, outage or not."""
CALLS_PER_ORDER = 2
JITTER = 1.5
"""How much more than the pace may fall into one second of the clock."""
LATENCY_LIMITS = {"p50": (0.25, 2.0), "p95": (0.5, 3.0)}
"""By share, in how many seconds a placement may be done in an outage whatever it took before, and in how
many times what it took before. One that waits for the provider takes seconds; what is below these limits
may as well come of other work on the machine, and a drill cannot tell."""
BAR, WIDTH = "█", 40
SECONDS_BEFORE, MOST_SECONDS = 5, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of one order; times in seconds since 1970."""

    number: str
    provider: str
    placed_at: float
    confirmed_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """When the provider was away, in seconds since 1970."""

    began_at: float
    ended_at: float


def read_courses(database_url: str, order_ids: Sequence[str]) -> list[Course]:
    """Give what became of orders."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(_COURSES, [list(order_ids)]).fetchall()
    return [
        Course(number=number, provider=provider, placed_at=placed, confirmed_at=confirmed)
        for number, provider, placed, confirmed in rows
    ]


def judge_outage(plan: OutagePlan, courses: Sequence[Course], outage: Outage) -> Violations:
    """Say which orders waited that should not have, or for too long."""
    return {
        "the_other_gateway_confirms_all_the_while": [
            f"{one.number}: placed {outage.ended_at - one.placed_at:.1f} s before the end"
            for one in courses
            if one.provider == THE_OTHER
            and outage.began_at <= one.placed_at <= outage.ended_at - HANDLING_SECONDS
            and (one.confirmed_at is None or one.confirmed_at > outage.ended_at)
        ],
        "all_are_confirmed_in_time_after_recovery": [
            f"{one.number} of {one.provider}"
            for one in courses
            if one.confirmed_at is None
            or one.confirmed_at > max(outage.ended_at, one.placed_at) + plan.limit_seconds
        ],
    }


def judge_calls(
    plan: OutagePlan, by_second: Mapping[int, int], most_at_once: int, outage: Outage
) -> Violations:
    """Say where the provider was called too often, before its return or after it."""
    pace = pace_limit(plan)
    away_from, back_at = math.ceil(outage.began_at) + UNTIL_OPEN_SECONDS, int(outage.ended_at)
    while_away = sum(count for at, count in by_second.items() if away_from <= at < back_at)
    trials = TRIAL_CALLS * (math.ceil(plan.outage_seconds / BREAKER_SECONDS) + 1)
    limit = plan.concurrent_calls
    return {
        "the_provider_is_left_alone_while_it_is_away": [
            f"{while_away} calls, where {trials} trial calls are enough"
        ]
        if while_away > trials
        else [],
        "no_herd_comes_after_recovery": [
            f"{count} calls {at - back_at} s after the return, at most {pace} are well paced"
            for at, count in sorted(by_second.items())
            if at >= back_at and count > pace
        ],
        "no_more_calls_at_once_than_allowed": [f"{most_at_once} at once, {limit} are allowed"]
        if most_at_once > limit
        else [],
    }


def judge_placements(*, before: Mapping[str, float], during: Mapping[str, float]) -> Violations:
    """Say where placements took longer in the outage than before it; both by share, in seconds."""
    return {
        "orders_are_accepted_as_fast_as_before": [
            f"{share} {during[share]:.2f} s, before {before[share]:.2f} s, {limit:.2f} s are allowed"
            for share, (least, times) in LATENCY_LIMITS.items()
            if during[share] > (limit := max(least, times * before[share]))
        ]
    }


def pace_limit(plan: OutagePlan) -> int:
    """Give how many calls may come in one second: what is released, what arrives, each twice."""
    orders = plan.release_per_second + plan.rate
    return math.ceil(CALLS_PER_ORDER * JITTER * orders)


def draw_calls(by_second: Mapping[int, int], outage: Outage) -> list[str]:
    """Draw the calls of each second around the return, a line for each second."""
    back_at = int(outage.ended_at)
    last = max([back_at, *by_second])
    shown = {
        at: by_second.get(at, 0)
        for at in range(back_at - SECONDS_BEFORE, min(last, back_at + MOST_SECONDS) + 1)
    }
    most = max(1, *shown.values())
    return [
        f"Calls to {AWAY} by second; it is back in second 0",
        *(
            f"{at - back_at:>+4} {count:>4} {BAR * math.ceil(count * WIDTH / most)}"
            for at, count in shown.items()
        ),
    ]


_COURSES = """
SELECT o.number, p.provider, extract(epoch FROM o.created_at)::float8,
       (SELECT extract(epoch FROM min(s.at))::float8 FROM orders_orderstep s
        WHERE s.order_id = o.id AND s.to_status = 'confirmed')
FROM orders_order o JOIN payments_payment p ON p.order_id = o.id
WHERE o.id = ANY(%s::uuid[])
"""
