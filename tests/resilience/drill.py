"""One drill: a fresh platform, customers, faults, then peace, and a verdict."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import requests

from infra.local.environment import EMBEDDED
from infra.local.programs import ROLES
from infra.local.services import Report as StepReport
from infra.local.stack import Stack
from tests.resilience import verdict
from tests.resilience.customers import Customers
from tests.resilience.journal import Journal
from tests.resilience.mischief import Mischief
from tests.resilience.plan import SCARCE_SKUS, Plan, plan_faults, plan_orders
from tests.resilience.quiet import wait_until_quiet
from tests.resilience.verdict import Violations

CUSTOMERS_AT_ONCE = 64
SANDBOX_LATENCY_MS = 30
SHOW_EVERY_SECONDS = 0.25
RESTART_SECONDS = 10.0


class Screen(Protocol):
    """Who is told how the drill goes."""

    def step(self, label: str, seconds: float) -> None:
        """One step of the start is done."""

    def going(self, *, seconds: float, asked: int, acknowledged: int, faults: int) -> None:
        """Orders arrive, faults with them."""

    def settling(self, *, seconds: float, moving: dict[str, int] | None) -> None:
        """The faults are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a drill found. Seconds; `seconds_to_quiet` is None where it did not become quiet."""

    plan: Plan
    started_at: datetime
    seconds: float
    faults: dict[str, int]
    acknowledged: int
    unanswered: int
    retries: dict[str, int]
    orders: dict[str, int]
    messages: dict[str, int]
    seconds_to_quiet: float | None
    deadlocks: int
    violations: Violations = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.violations.values())

    def as_document(self) -> dict[str, object]:
        """Give the result as JSON values; violations are counted, with examples beside them."""
        return {
            "passed": self.has_passed,
            "seed": self.plan.seed,
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 1),
            "seconds_to_quiet": self.seconds_to_quiet and round(self.seconds_to_quiet, 2),
            "orders_asked": self.plan.orders,
            "orders_acknowledged": self.acknowledged,
            "orders_unanswered": self.unanswered,
            "orders_by_status": self.orders,
            "messages_by_status": self.messages,
            "retries": self.retries,
            "faults": self.faults,
            "deadlocks": self.deadlocks,
            "violations": {name: len(rows) for name, rows in self.violations.items()},
            "examples": {name: rows[:20] for name, rows in self.violations.items() if rows},
            "plan": asdict(self.plan),
        }


def run_drill(plan: Plan, *, home: Path, screen: Screen) -> Result:
    """Make one drill on a platform in `home`, which is stopped at the end.

    Raises:
        CannotStart: the platform does not come up, or does not come back.
    """
    began, started_at = time.monotonic(), datetime.now(UTC)
    for name in EMBEDDED:
        # Celery prefers a broker that is named in this process to the one that it is told.
        os.environ.pop(name, None)
    report: StepReport = screen.step
    environment = {**EMBEDDED, "OMS_SANDBOX_LATENCY_MS": str(SANDBOX_LATENCY_MS)}
    with Stack(home, environment=environment, report=report) as stack:
        run = stack.run
        _stock_scarce_products(stack, plan)
        journal = Journal(home / "journal.jsonl")
        customers = Customers(
            base_url=run["base_url"],
            token=run["token"],
            customer_id=run["customer_id"],
            seed=plan.seed,
            journal=journal,
        )
        mischief = Mischief(stack, plan_faults(plan), seed=plan.seed)
        with ThreadPoolExecutor(CUSTOMERS_AT_ONCE, thread_name_prefix="customer") as crowd:
            try:
                mischief.start()
                served = _let_arrive(plan, crowd, customers, journal, mischief, screen)
            finally:
                customers.lose_patience_at(time.monotonic() + plan.settle_within)
                mischief.stop()
            quiet_after = _settle(plan, stack, served, screen)
            wait(served)
        for one in served:
            one.result()
        violations = _judge(plan, stack, journal, customers, quiet_after)
        journal.close()
        database_url = stack.environment["DATABASE_URL"]
        return Result(
            plan=plan,
            started_at=started_at,
            seconds=time.monotonic() - began,
            faults=dict(sorted(mischief.injected.items())),
            acknowledged=journal.count("placed"),
            unanswered=len(customers.experiences.unanswered),
            retries=dict(sorted(customers.experiences.retries.items())),
            orders=verdict.count_by(database_url, "orders_order"),
            messages=verdict.count_by(database_url, "notifications_message"),
            seconds_to_quiet=quiet_after,
            deadlocks=verdict.count_deadlocks(home / "logs" / "postgres.log"),
            violations=violations,
        )


def _stock_scarce_products(stack: Stack, plan: Plan) -> None:
    """Put products on sale of which there are too few, in two warehouses."""
    run = stack.run
    warehouses = run["warehouses"][:2]
    now = datetime.now(UTC).isoformat()
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {run['token']}"
        for path, body in (
            (
                "products",
                {
                    "products": [
                        {"sku": sku, "name": f"Scarce {sku}", "prices": {"EUR": "9.90"}}
                        for sku in SCARCE_SKUS
                    ]
                },
            ),
            (
                "stock/counts",
                {
                    "counts": [
                        {
                            "warehouse": warehouse,
                            "sku": sku,
                            "on_hand": -(-plan.scarce_units // len(warehouses)),
                            "message_id": f"drill-{sku}",
                            "counted_at": now,
                        }
                        for sku in SCARCE_SKUS
                        for warehouse in warehouses
                    ]
                },
            ),
        ):
            session.put(
                f"{run['base_url']}/api/v1/{path}", json=body, timeout=10
            ).raise_for_status()


def _let_arrive(
    plan: Plan,
    crowd: ThreadPoolExecutor,
    customers: Customers,
    journal: Journal,
    mischief: Mischief,
    screen: Screen,
) -> list[Future[None]]:
    """Let each customer in when it is time, until all have come and the faults are through."""
    served: list[Future[None]] = []
    started = time.monotonic()

    def until(at: float) -> None:
        while (left := started + at - time.monotonic()) > 0:
            screen.going(
                seconds=time.monotonic() - started,
                asked=len(served),
                acknowledged=journal.count("placed"),
                faults=mischief.injected.total(),
            )
            time.sleep(min(left, SHOW_EVERY_SECONDS))

    for wish in plan_orders(plan):
        until(wish.at)
        served.append(crowd.submit(customers.serve, wish))
    until(plan.seconds)
    return served


def _settle(plan: Plan, stack: Stack, served: list[Future[None]], screen: Screen) -> float | None:
    started = time.monotonic()
    return wait_until_quiet(
        stack.environment["DATABASE_URL"],
        seconds=plan.settle_within,
        is_over=lambda: all(one.done() for one in served),
        show=lambda moving: screen.settling(seconds=time.monotonic() - started, moving=moving),
    )


def _judge(
    plan: Plan,
    stack: Stack,
    journal: Journal,
    customers: Customers,
    quiet_after: float | None,
) -> Violations:
    database_url = stack.environment["DATABASE_URL"]
    checks: list[Callable[[], Violations]] = [
        lambda: verdict.check_promises(database_url, journal),
        lambda: verdict.check_own_invariants(stack.environment),
        lambda: verdict.check_mailbox(Path(stack.environment["OMS_MAILBOX_DIR"])),
    ]
    if plan.with_stripe:
        checks.insert(
            1, lambda: verdict.check_provider(database_url, stack.environment["OMS_SIMULATORS_URL"])
        )
    limit = f"{plan.settle_within:g} s"
    failure = stack.supervisor.failure
    return {
        "every_process_comes_back": [failure] if failure else _absent(stack),
        "all_is_quiet_in_time": [] if quiet_after is not None else [f"not within {limit}"],
        "every_customer_gets_an_answer": customers.experiences.unanswered,
        "no_answer_is_unexpected": customers.experiences.unexpected,
        **verdict.merged([check() for check in checks]),
    }


def _absent(stack: Stack) -> list[str]:
    """Name the processes that are not there a while after the last fault."""
    deadline = time.monotonic() + RESTART_SECONDS
    while absent := [role for role in ROLES if role not in stack.supervisor.pids()]:
        if time.monotonic() > deadline:
            break
        time.sleep(SHOW_EVERY_SECONDS)
    return absent
