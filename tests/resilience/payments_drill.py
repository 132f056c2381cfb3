"""The drill of payments: over all providers, with faults at every point, judged one by one."""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from infra.local.stack import Stack
from tests.resilience import endings, verdict
from tests.resilience.banks import Banks
from tests.resilience.books import PROVIDERS, attempts_in, read_books
from tests.resilience.customers import Customers
from tests.resilience.journal import Journal
from tests.resilience.mischief import Mischief
from tests.resilience.part import PartResult, in_words, seconds_in_words
from tests.resilience.payments_plan import (
    PaymentsPlan,
    plan_disputes,
    plan_payment_faults,
    plan_payments,
)
from tests.resilience.plan import Wish
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

NAME = "payments"
ENVIRONMENT = {"OMS_PAYMENT_ACTION_MINUTES": "1"}
"""The shortest time for customers to decide that the platform knows; the drill waits for it."""
WATCH_EVERY_SECONDS = 1.0


class Watch:
    """Reads the providers' books all along: what is put right later was wrong all the same."""

    def __init__(self, simulators_url: str) -> None:
        """Prepare; nothing is read yet."""
        self.found: set[str] = set()
        self.looks = 0
        self._simulators_url = simulators_url
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(WATCH_EVERY_SECONDS):
            with contextlib.suppress(requests.RequestException):
                for provider in PROVIDERS:
                    self._look(provider)
                self.looks += 1

    def _look(self, provider: str) -> None:
        for payment_id, line in read_books(self._simulators_url, provider).items():
            charges = [one for one in attempts_in(line) if one["captured"]]
            if line["live_authorizations"] + len(charges) > 1:
                self.found.add(f"{provider}: {payment_id}")


def run_payments(plan: PaymentsPlan, *, home: Path, screen: Screen) -> PartResult:
    """Make the drill on a platform in `home`, which is stopped at the end.

    Raises:
        CannotStart: the platform does not come up, or does not come back.
    """
    with fresh_stack(home, report=screen.step, environment=ENVIRONMENT) as stack:
        return play_payments(plan, stack=stack, screen=screen)


def play_payments(plan: PaymentsPlan, *, stack: Stack, screen: Screen) -> PartResult:
    """Make the drill on a running platform with our `ENVIRONMENT`, which goes on afterwards."""
    began, started_at = time.monotonic(), datetime.now(UTC)
    journal = Journal(stack.home.path / f"journal-{NAME}.jsonl")
    customers = customers_of(stack, name=f"{NAME}-{plan.seed}", journal=journal)
    mischief = Mischief(stack, plan_payment_faults(plan), seed=plan.seed)
    watch = Watch(stack.environment["OMS_SIMULATORS_URL"])
    wishes = plan_payments(plan)
    banks = Banks(
        stack.environment["OMS_SIMULATORS_URL"],
        plan_disputes(plan),
        seed=plan.seed,
        may_dispute=lambda order_id: order_id in _disputable(wishes, customers, journal),
    )
    with crowd_of(customers, at_once=CUSTOMERS_AT_ONCE) as crowd:
        try:
            watch.start()
            mischief.start()
            banks.start()
            served = let_arrive(
                wishes,
                seconds=plan.seconds,
                crowd=crowd,
                serve=customers.serve,
                show=course_on(screen, journal, mischief.injected),
            )
        finally:
            customers.lose_patience_at(time.monotonic() + plan.settle_within)
            mischief.stop()
            banks.hurry()
        quiet_after = settle(
            stack, served, seconds=plan.settle_within, screen=screen, look=banks.what_is_open
        )
        wait(served)
    banks.stop()
    watch.stop()
    for one in served:
        one.result()
    violations = _judge(plan, stack, journal, customers, watch, quiet_after)
    journal.close()
    database_url = stack.environment["DATABASE_URL"]
    figures = {
        "seconds_to_quiet": quiet_after and round(quiet_after, 2),
        "payments_asked": plan.payments,
        "payments_acknowledged": journal.count("placed"),
        "cancellations": journal.count("cancelled"),
        "refunds": journal.count("refunded"),
        "approvals": journal.count("approved"),
        "disputes": banks.outcomes(),
        "orders_by_status": verdict.count_by(database_url, "orders_order"),
        "payments_by_status": endings.count_payments(database_url),
        "calls_tried_again": endings.count_tried_again(database_url),
        "looks_into_the_books": watch.looks,
        "retries": dict(sorted(customers.experiences.retries.items())),
        "faults": dict(sorted(mischief.injected.items())),
        "reconciled": not violations[endings.RECONCILED],
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
    )


def _disputable(wishes: Sequence[Wish], customers: Customers, journal: Journal) -> set[str]:
    """Give the orders of customers who want nothing back, or have asked for it already.

    Who asks for money that a bank has taken is refused, as they should be.
    """
    want_back = {customers.key_of(one) for one in wishes if one.wants_back is not None}
    asked = {one.order_id for one in journal.list("refunded")}
    return asked | {one.order_id for one in journal.list("placed") if one.key not in want_back}


def _lines(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Payments", f"{figures['payments_acknowledged']} of {figures['payments_asked']}"),
        (
            "Underway",
            f"{figures['cancellations']} cancelled, {figures['refunds']} refunded, "
            f"{figures['approvals']} approved",
        ),
        ("What became of them", in_words(figures["payments_by_status"])),
        ("Disputes", in_words(figures["disputes"])),
        ("Calls tried again", str(figures["calls_tried_again"])),
        ("Faults", in_words(figures["faults"])),
        ("Reconciled", "yes" if figures["reconciled"] else "no"),
        ("Quiet after", seconds_in_words(figures["seconds_to_quiet"])),
    ]


def _judge(
    plan: PaymentsPlan,
    stack: Stack,
    journal: Journal,
    customers: Customers,
    watch: Watch,
    quiet_after: float | None,
) -> Violations:
    return {
        **check_course(stack, customers, quiet_after=quiet_after, seconds=plan.settle_within),
        "never_two_authorisations_alive": sorted(watch.found)
        or ([] if watch.looks else ["nobody looked"]),
        **endings.check_everything(stack.environment, journal),
    }
