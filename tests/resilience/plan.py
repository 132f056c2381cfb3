"""What a drill will ask for and what will go wrong: all of it drawn from one seed, in advance."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from infra.local.programs import SCHEDULER, WEB, WORKER_QUEUES

T = TypeVar("T")
SCARCE_SKUS = ("DRILL-1", "DRILL-2", "DRILL-3")
DEMO_SKUS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of a drill. Times in seconds, the rate in orders a second."""

    seed: int
    orders: int = 1200
    rate: float = 20.0
    kill_every: float = 1.0
    postgres_every: float = 20.0
    valkey_every: float = 15.0
    gateway_every: float = 6.0
    settle_within: float = 60.0
    with_stripe: bool = True

    @property
    def seconds(self) -> float:
        """How long orders arrive, and faults with them."""
        return self.orders / self.rate

    @property
    def scarce_units(self) -> int:
        """Units of each scarce SKU: about half of what is asked for."""
        return max(2, self.orders // 20)


QUICK_ORDERS, QUICK_RATE = 120, 12.0


def quick_plan(*, seed: int, orders: int = QUICK_ORDERS, rate: float = QUICK_RATE) -> Plan:
    """Give a drill of a minute in all, with every kind of server fault at least once."""
    return Plan(
        seed=seed,
        orders=orders,
        rate=rate,
        kill_every=1.5,
        postgres_every=6.0,
        valkey_every=4.0,
        gateway_every=2.5,
        settle_within=40.0,
    )


class Approval(StrEnum):
    """What a customer does who is asked to approve a payment."""

    APPROVE = "approve"
    REFUSE = "refuse"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One order that a customer will place `at` so many seconds, and what the customer does then.

    `cancels_after` seconds it is called off; with `repeats` the same request is sent once more
    after it was answered. `wants_back` is an amount to be given back once it was charged, or all of
    it where it is empty.
    """

    number: int
    at: float
    items: tuple[tuple[str, int], ...]
    provider: str
    token: str
    approval: Approval
    cancels_after: float | None
    repeats: bool
    wants_back: str | None = None


SANDBOX_TOKENS = {
    "tok_approve": 74,
    "tok_decline": 8,
    "tok_insufficient_funds": 5,
    "tok_timeout": 8,
    "tok_requires_action": 5,
}
STRIPE_TOKENS = {
    "pm_card_visa": 70,
    "pm_card_mastercard": 8,
    "pm_card_chargeDeclined": 8,
    "pm_card_chargeDeclinedInsufficientFunds": 6,
    "pm_card_authenticationRequired": 8,
}
ASKING_TOKENS = frozenset(
    {"tok_requires_action", "pm_card_authenticationRequired", "stored_card_challenge", "wallet"}
)
STRIPE_SHARE = 0.4
SCARCE_SHARE = 0.3
CANCEL_SHARE = 0.12
REPEAT_SHARE = 0.1


def plan_orders(plan: Plan) -> list[Wish]:
    """Give every order of a drill, by time; the same plan gives the same orders."""
    chance = random.Random(f"orders {plan.seed}")
    instants = sorted(chance.uniform(0, plan.seconds) for _ in range(plan.orders))
    return [_wish(number, at, plan, chance) for number, at in enumerate(instants, start=1)]


def _wish(number: int, at: float, plan: Plan, chance: random.Random) -> Wish:
    uses_stripe = plan.with_stripe and chance.random() < STRIPE_SHARE
    tokens = STRIPE_TOKENS if uses_stripe else SANDBOX_TOKENS
    skus = {f"SKU-{chance.randint(1, DEMO_SKUS):04}" for _ in range(chance.randint(1, 3))}
    items = [(sku, chance.randint(1, 3)) for sku in sorted(skus)]
    if chance.random() < SCARCE_SHARE:
        # Not always last, so that carts lock rows in all orders.
        items.insert(chance.randint(0, len(items)), (chance.choice(SCARCE_SKUS), 1))
    return Wish(
        number=number,
        at=at,
        items=tuple(items),
        provider="stripe" if uses_stripe else "sandbox",
        token=chance.choices(list(tokens), list(tokens.values()))[0],
        approval=chance.choices(list(Approval), (6, 2, 2))[0],
        cancels_after=chance.uniform(0, 3) if chance.random() < CANCEL_SHARE else None,
        repeats=chance.random() < REPEAT_SHARE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong `at` so many seconds; `target` is a role, `faults` for a provider."""

    at: float
    kind: str
    target: str = ""
    provider: str = "stripe"
    faults: dict[str, object] = field(default_factory=dict)


KILL, KILL_CHILD, FREEZE, THAW = "kill", "kill a process of", "freeze", "thaw"
CUT = "cut database connections"
CRASH_POSTGRES, KILL_VALKEY, WIPE_VALKEY = "crash PostgreSQL", "kill Valkey", "wipe Valkey"
KILL_BEFORE_COMMIT = "kill before the commit"
SPOIL_STRIPE, MEND_STRIPE = "spoil Stripe", "mend Stripe"
SPOIL, MEND = "spoil", "mend"
MENDING = frozenset({THAW, MEND_STRIPE, MEND})
"""Kinds that end a fault; they are not counted."""

_PROCESS_FAULTS = (
    *((KILL, role) for role in (WEB, SCHEDULER, *WORKER_QUEUES)),
    (KILL, "worker-saga"),
    (KILL, "worker-saga"),
    (KILL_CHILD, WEB),
    (FREEZE, "worker-saga"),
    (CUT, ""),
)
PROVIDER_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("slow", {"latency_ms": 2_000}),
    ("slower than we wait", {"latency_ms": 9_000}),
    ("down", {"down": True}),
    ("resets connections", {"refuse": "reset"}),
    ("loses answers", {"lose_answers_rate": 0.6}),
    ("fails after the work", {"error_after_work_rate": 0.5}),
    ("fails before the work", {"error_rate": 0.5}),
    ("repeats and shuffles webhooks", {"webhook_duplicates": 3, "webhook_reorder_ms": 2_000}),
)
SHORTEST_SECONDS, LONGEST_SECONDS = 2.0, 4.0


def plan_faults(plan: Plan) -> list[Fault]:
    """Give every fault of a drill, by time; the same plan gives the same faults.

    Each kind comes once before any comes again, so that a short drill sees many of them.
    """
    chance = random.Random(f"faults {plan.seed}")
    faults: list[Fault] = []
    targets = in_turns(_PROCESS_FAULTS, chance)
    for at in instants(plan.kill_every, plan.seconds, chance):
        kind, target = next(targets)
        faults.append(Fault(at=at, kind=kind, target=target))
        if kind == FREEZE:
            faults.append(Fault(at=at + duration(chance), kind=THAW, target=target))
    for at in instants(plan.postgres_every, plan.seconds, chance):
        faults.append(Fault(at=at, kind=CRASH_POSTGRES))
    ways = in_turns((KILL_VALKEY, WIPE_VALKEY), chance)
    for at in instants(plan.valkey_every, plan.seconds, chance):
        faults.append(Fault(at=at, kind=next(ways)))
    if plan.with_stripe:
        moods = in_turns(PROVIDER_FAULTS, chance)
        for at in instants(plan.gateway_every, plan.seconds, chance):
            mood, change = next(moods)
            faults.append(Fault(at=at, kind=SPOIL_STRIPE, target=mood, faults=change))
            longest = min(duration(chance), plan.gateway_every * 0.6)
            faults.append(Fault(at=at + longest, kind=MEND_STRIPE))
    return sorted(faults, key=lambda fault: fault.at)


def duration(chance: random.Random) -> float:
    """Draw how long a fault lasts, in seconds."""
    return chance.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)


def instants(every: float, until: float, chance: random.Random) -> Iterator[float]:
    """Give one instant in each stretch of `every` seconds, a whole stretch or what is left of it."""
    start = 0.0
    while start < until:
        end = min(start + every, until)
        if end - start > every / 2 or not start:
            yield chance.uniform(start, end)
        start += every


def in_turns(options: Sequence[T], chance: random.Random) -> Iterator[T]:
    """Draw each option once before any comes again, without end."""
    while True:
        yield from chance.sample(options, len(options))
