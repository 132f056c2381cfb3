"""One drill: a fresh platform, customers, faults, then peace, and a verdict."""

import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests

from infra.local.stack import Stack
from tests.resilience import books, verdict
from tests.resilience.customers import Customers
from tests.resilience.journal import Journal
from tests.resilience.mischief import Mischief
from tests.resilience.part import in_words, seconds_in_words
from tests.resilience.plan import SCARCE_SKUS, Plan, plan_faults, plan_orders
from tests.resilience.quiet import what_moves
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

SANDBOX_LATENCY_MS = 30


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
    chart: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.violations.values())

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The figures that are shown, each with its label."""
        return [
            ("Seed", str(self.plan.seed)),
            ("Orders acknowledged", f"{self.acknowledged} of {self.plan.orders}"),
            ("What became of them", in_words(self.orders)),
            ("Messages", in_words(self.messages) or "none"),
            ("Tried again by customers", in_words(self.retries) or "never"),
            ("Faults", in_words(self.faults)),
            ("Deadlocks broken up", str(self.deadlocks)),
            ("Quiet after", seconds_in_words(self.seconds_to_quiet)),
            ("Lasted", f"{self.seconds:.0f} s"),
        ]

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
    environment = {"OMS_SANDBOX_LATENCY_MS": str(SANDBOX_LATENCY_MS)}
    with fresh_stack(home, report=screen.step, environment=environment) as stack:
        _stock_scarce_products(stack, plan)
        journal = Journal(home / "journal.jsonl")
        customers = customers_of(stack, name=f"drill-{plan.seed}", journal=journal)
        mischief = Mischief(stack, plan_faults(plan), seed=plan.seed)
        with crowd_of(customers, at_once=CUSTOMERS_AT_ONCE) as crowd:
            try:
                mischief.start()
                served = let_arrive(
                    plan_orders(plan),
                    seconds=plan.seconds,
                    crowd=crowd,
                    serve=customers.serve,
                    show=course_on(screen, journal, mischief.injected),
                )
            finally:
                customers.lose_patience_at(time.monotonic() + plan.settle_within)
                mischief.stop()
            quiet_after = settle(
                stack, served, seconds=plan.settle_within, screen=screen, look=what_moves
            )
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
            1, lambda: books.check_provider(database_url, stack.environment["OMS_SIMULATORS_URL"])
        )
    return {
        **check_course(stack, customers, quiet_after=quiet_after, seconds=plan.settle_within),
        **verdict.merged([check() for check in checks]),
    }
