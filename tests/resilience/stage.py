"""Where a drill about payments plays: a fresh platform, and customers who come when it is time."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from infra.local.environment import EMBEDDED
from infra.local.programs import ROLES
from infra.local.services import Report
from infra.local.stack import Stack
from tests.resilience.customers import Customers
from tests.resilience.journal import Journal
from tests.resilience.quiet import Counts, wait_until_quiet, what_is_open
from tests.resilience.verdict import Violations

CUSTOMERS_AT_ONCE = 64
SHOW_EVERY_SECONDS = 0.25
RESTART_SECONDS = 10.0


class Screen(Protocol):
    """Who is told how a drill goes."""

    def step(self, label: str, seconds: float) -> None:
        """One step of the start is done."""

    def going(self, *, seconds: float, asked: int, acknowledged: int, faults: int) -> None:
        """Orders arrive, faults with them."""

    def settling(self, *, seconds: float, moving: Counts | None) -> None:
        """The faults are over."""


class Timed(Protocol):
    """Something that is to happen `at` so many seconds."""

    @property
    def at(self) -> float:
        """When, in seconds from the beginning."""


Wanted = TypeVar("Wanted", bound=Timed)


def fresh_stack(home: Path, *, report: Report, environment: Mapping[str, str]) -> Stack:
    """Give a platform with servers of its own in `home`, still to be started."""
    for name in EMBEDDED:
        # Celery prefers a broker that is named in this process to the one that it is told.
        os.environ.pop(name, None)
    return Stack(home, environment={**EMBEDDED, **environment}, report=report)


def customers_of(stack: Stack, *, name: str, journal: Journal) -> Customers:
    """Give the customers of a running platform."""
    run = stack.run
    return Customers(
        base_url=run["base_url"],
        token=run["token"],
        customer_id=run["customer_id"],
        name=name,
        journal=journal,
    )


@contextmanager
def crowd_of(customers: Customers, *, at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads for customers; when the drill breaks off nobody goes on."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="customer") as crowd:
        try:
            yield crowd
        except BaseException:
            customers.lose_patience_at(0.0)
            crowd.shutdown(wait=False, cancel_futures=True)
            raise


def let_arrive(
    wanted: Sequence[Wanted],
    *,
    seconds: float,
    crowd: ThreadPoolExecutor,
    serve: Callable[[Wanted], None],
    show: Callable[[float, int], None],
) -> list[Future[None]]:
    """Let each customer in when it is time, and return when all that time is over.

    `show` is told again and again how many seconds have passed, and how many have come.
    """
    served: list[Future[None]] = []
    started = time.monotonic()

    def until(at: float) -> None:
        while (left := started + at - time.monotonic()) > 0:
            show(time.monotonic() - started, len(served))
            time.sleep(min(left, SHOW_EVERY_SECONDS))

    for one in wanted:
        until(one.at)
        served.append(crowd.submit(serve, one))
    until(seconds)
    return served


def course_on(
    screen: Screen, journal: Journal, injected: Counter[str]
) -> Callable[[float, int], None]:
    """Give what tells a screen how it goes, with the faults that are injected by then."""
    return lambda seconds, asked: screen.going(
        seconds=seconds,
        asked=asked,
        acknowledged=journal.count("placed"),
        faults=injected.total(),
    )


def settle(
    stack: Stack,
    served: Sequence[Future[None]],
    *,
    seconds: float,
    screen: Screen,
    look: Callable[[str], Counts | None] = what_is_open,
) -> float | None:
    """Wait until everything has come to its end; return after how long, None when time is up."""
    started = time.monotonic()
    return wait_until_quiet(
        stack.environment["DATABASE_URL"],
        seconds=seconds,
        is_over=lambda: all(one.done() for one in served),
        show=lambda moving: screen.settling(seconds=time.monotonic() - started, moving=moving),
        look=look,
    )


def check_course(
    stack: Stack, customers: Customers, *, quiet_after: float | None, seconds: float
) -> Violations:
    """Check that all processes are there, everybody was answered, and it became quiet in time."""
    failure = stack.supervisor.failure
    return {
        "every_process_comes_back": [failure] if failure else absent_from(stack),
        "all_is_quiet_in_time": [] if quiet_after is not None else [f"not within {seconds:g} s"],
        "every_customer_gets_an_answer": customers.experiences.unanswered,
        "no_answer_is_unexpected": customers.experiences.unexpected,
    }


def absent_from(stack: Stack) -> list[str]:
    """Name the processes that are not there a while after the last fault."""
    deadline = time.monotonic() + RESTART_SECONDS
    while absent := [role for role in ROLES if role not in stack.supervisor.pids()]:
        if time.monotonic() > deadline:
            break
        time.sleep(SHOW_EVERY_SECONDS)
    return absent
