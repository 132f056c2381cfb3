"""The drill of races: browser, webhook and retry at once for one payment, which is made once."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests

from infra.local.stack import Stack
from tests.resilience import endings
from tests.resilience.books import PROVIDERS, read_books
from tests.resilience.customers import Customers
from tests.resilience.journal import Journal
from tests.resilience.mischief import Mischief
from tests.resilience.part import PartResult, in_words, seconds_in_words
from tests.resilience.race_judge import judge_races, read_races
from tests.resilience.races_plan import (
    RETRIES,
    RETURNS,
    Race,
    RacesPlan,
    plan_races,
    plan_unsettled,
)
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
from tests.resilience.verdict import Violations

NAME = "races"
BROWSER_SECONDS = 10.0
Row = Mapping[str, Any]


class Retries:
    """Has our dispatcher come to payments again, as it does when their time or a lease is up.

    Safe for many threads. `met` counts the calls that were open, and so were tried or looked up again.
    """

    def __init__(self, database_url: str) -> None:
        """Connect."""
        self.met = 0
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._lock = threading.Lock()

    def bring_about(self, order_id: str) -> None:
        """Make the open calls of an order due now, those that a worker is at among them."""
        with self._lock:
            self.met += self._connection.execute(_MAKE_DUE, [order_id]).rowcount

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class Track:
    """Runs races; each of those who race comes in a thread of its own."""

    def __init__(self, customers: Customers, retries: Retries, racers: ThreadPoolExecutor) -> None:
        """Prepare; nobody races yet."""
        self.returned: list[int] = []
        self._customers = customers
        self._retries = retries
        self._racers = racers

    def run(self, race: Race) -> None:
        """Have an order placed and approved, then let everybody come at once."""
        self._customers.serve(
            race.wish, come_back=lambda order_id, url: self._start(race, order_id, url)
        )

    def _start(self, race: Race, order_id: str, url: str) -> None:
        started = [
            *(self._racers.submit(self._return, after, url) for after in race.returns),
            *(self._racers.submit(self._retry, after, order_id) for after in race.retries),
        ]
        for one in started:
            one.result()

    def _return(self, after: float, url: str) -> None:
        time.sleep(after)
        self.returned.append(requests.get(url, timeout=BROWSER_SECONDS).status_code)

    def _retry(self, after: float, order_id: str) -> None:
        time.sleep(after)
        self._retries.bring_about(order_id)


def run_races(plan: RacesPlan, *, home: Path, screen: Screen) -> PartResult:
    """Make the drill on a platform in `home`, which is stopped at the end.

    Raises:
        CannotStart: the platform does not come up.
    """
    with fresh_stack(home, report=screen.step, environment={}) as stack:
        return play_races(plan, stack=stack, screen=screen)


def play_races(plan: RacesPlan, *, stack: Stack, screen: Screen) -> PartResult:
    """Make the drill on a running platform, which goes on afterwards."""
    began, started_at = time.monotonic(), datetime.now(UTC)
    database_url = stack.environment["DATABASE_URL"]
    journal = Journal(stack.home.path / f"journal-{NAME}.jsonl")
    customers = customers_of(stack, name=f"{NAME}-{plan.seed}", journal=journal)
    retries = Retries(database_url)
    mischief = Mischief(stack, plan_unsettled(plan), seed=plan.seed)
    runners = (RETURNS + RETRIES) * CUSTOMERS_AT_ONCE
    with (
        ThreadPoolExecutor(runners, thread_name_prefix="racer") as racers,
        crowd_of(customers, at_once=CUSTOMERS_AT_ONCE) as crowd,
    ):
        track = Track(customers, retries, racers)
        try:
            mischief.start()
            served = let_arrive(
                plan_races(plan),
                seconds=plan.seconds,
                crowd=crowd,
                serve=track.run,
                show=course_on(screen, journal, mischief.injected),
            )
            customers.lose_patience_at(time.monotonic() + plan.settle_within)
            quiet_after = settle(stack, served, seconds=plan.settle_within, screen=screen)
            wait(served)
        finally:
            mischief.stop()
    for one in served:
        one.result()
    retries.close()
    order_ids = [entry.order_id for entry in journal.list("placed")]
    figures = {
        "races_asked": plan.races,
        "races_run": journal.count("approved"),
        "payments_by_status": endings.count_payments(database_url),
        "returns": len(track.returned),
        "messages": _count(database_url, _MESSAGES, order_ids),
        "retries_that_met_a_call": retries.met,
        "calls_repeated": _count(database_url, _REPEATED, order_ids),
        "seconds_to_quiet": quiet_after and round(quiet_after, 2),
        "plan": asdict(plan),
    }
    violations = {
        **check_course(stack, customers, quiet_after=quiet_after, seconds=plan.settle_within),
        "every_race_takes_place": _missing(plan, journal, track, figures),
        **_judge(stack, journal),
        **endings.check_everything(stack.environment, journal),
    }
    journal.close()
    return PartResult(
        name=NAME,
        seed=plan.seed,
        started_at=started_at,
        seconds=time.monotonic() - began,
        figures=figures,
        lines=_lines(figures),
        violations=violations,
    )


def _judge(stack: Stack, journal: Journal) -> Violations:
    order_ids = [entry.order_id for entry in journal.list("placed")]
    books: dict[str, Any] = {}
    for provider in PROVIDERS:
        books |= read_books(stack.environment["OMS_SIMULATORS_URL"], provider)
    return judge_races(read_races(stack.environment["DATABASE_URL"], order_ids), books)


def _missing(plan: RacesPlan, journal: Journal, track: Track, figures: Row) -> list[str]:
    """Say what was to race and did not: without a race there is nothing to be proven."""
    wanted = {
        "orders approved": (journal.count("approved"), plan.races),
        "returns answered": (track.returned.count(200), plan.races * RETURNS),
        "messages of providers": (figures["messages"], plan.races),
        "retries that met a call": (figures["retries_that_met_a_call"], 1),
    }
    return [
        f"{what}: {count}, at least {least} were to come"
        for what, (count, least) in wanted.items()
        if count < least
    ]


def _count(database_url: str, query: str, order_ids: Sequence[str]) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, [list(order_ids)]).fetchone()
    return int(row[0]) if row else 0


def _lines(figures: Row) -> list[tuple[str, str]]:
    return [
        ("Races", f"{figures['races_run']} of {figures['races_asked']}"),
        (
            "Who raced",
            f"{figures['returns']} returns, {figures['messages']} messages, "
            f"{figures['retries_that_met_a_call']} retries that met an open call",
        ),
        ("Calls tried once more", str(figures["calls_repeated"])),
        ("What became of them", in_words(figures["payments_by_status"])),
        ("Quiet after", seconds_in_words(figures["seconds_to_quiet"])),
    ]


_MAKE_DUE = """
UPDATE payments_paymentoperation o SET next_at = now(), lease_until = NULL
FROM payments_payment p
WHERE p.id = o.payment_id AND p.order_id = %s AND o.state IN ('in_flight', 'unknown', 'waiting')
"""
_MESSAGES = """
SELECT count(*) FROM payments_providermessagerecord m JOIN payments_payment p ON p.id = m.payment_id
WHERE p.order_id = ANY(%s::uuid[]) AND m.kind <> 'customer.came_back'
"""
# A payment that waits for its customer is asked for, and looked up once.
_REPEATED = """
SELECT count(*) FROM payments_paymentoperation o JOIN payments_payment p ON p.id = o.payment_id
WHERE p.order_id = ANY(%s::uuid[]) AND o.attempts > CASE o.kind WHEN 'authorize' THEN 2 ELSE 1 END
"""
