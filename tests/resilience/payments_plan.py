"""What the drill of payments asks for and what goes wrong in it, drawn from one seed in advance."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.programs import WEB
from tests.resilience import plan
from tests.resilience.books import PROVIDERS
from tests.resilience.plan import (
    ASKING_TOKENS,
    DEMO_SKUS,
    PROVIDER_FAULTS,
    SANDBOX_TOKENS,
    STRIPE_TOKENS,
    Approval,
    Fault,
    Wish,
    duration,
    in_turns,
    instants,
)

SAGA = "worker-saga"
PROVIDER_SHARES = {"stripe": 30, "adyen": 30, "paypal": 25, "sandbox": 15}
TOKENS: Mapping[str, Mapping[str, int]] = {
    "stripe": {**STRIPE_TOKENS, "pm_card_authenticationRequired": 16},
    "adyen": {
        "stored_card_authorised": 64,
        "stored_card_mastercard": 8,
        "stored_card_refused": 7,
        "stored_card_not_enough_balance": 5,
        "stored_card_challenge": 16,
    },
    "paypal": {"vault-ok": 62, "vault-declined": 7, "vault-no-funds": 5, "wallet": 26},
    "sandbox": SANDBOX_TOKENS,
}
LONGEST_DISPUTE_SECONDS = 8.0
CANCEL_SHARE, REFUND_SHARE = 0.12, 0.14
LATEST_CANCEL_SECONDS = 4.0
PATIENT = "slower than we wait"
ALWAYS: dict[str, object] = {
    "latency_ms": 60,
    "webhook_duplicates": 1,
    "webhook_delay_ms": 300,
    "webhook_reorder_ms": 1_500,
}
"""What every provider does all along: its messages come late, twice and in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsPlan:
    """The size of the drill. Times in seconds, the rate in payments a second.

    With `forgetful` some customers never decide, and their payments end when their time is over.
    `disputes` is how many charges are disputed at each provider that keeps books.
    """

    seed: int
    payments: int = 1000
    rate: float = 16.0
    kill_every: float = 4.0
    spoil_every: float = 1.5
    postgres_every: float | None = 25.0
    settle_within: float = 120.0
    forgetful: bool = True
    disputes: int = 5

    @property
    def seconds(self) -> float:
        """How long payments come, and faults with them."""
        return self.payments / self.rate


def quick_payments(*, seed: int) -> PaymentsPlan:
    """Give a drill of some seconds: each kind of kill once, no crash, and nobody who forgets."""
    return PaymentsPlan(
        seed=seed,
        payments=36,
        rate=9.0,
        kill_every=1.3,
        spoil_every=0.8,
        postgres_every=None,
        settle_within=60.0,
        forgetful=False,
        disputes=2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDispute:
    """A charge that a bank is to dispute `at` so many seconds, and to decide on when `lasts` are over."""

    at: float
    provider: str
    is_won: bool
    lasts: float


def plan_disputes(drill: PaymentsPlan) -> list[PlannedDispute]:
    """Give the disputes of the drill, some won and some lost at each provider; the same plan, the same ones."""
    chance = random.Random(f"disputes {drill.seed}")
    found = []
    for provider in PROVIDERS:
        outcomes = in_turns((True, False), chance)
        found += [
            PlannedDispute(
                at=chance.uniform(0, drill.seconds),
                provider=provider,
                is_won=next(outcomes),
                lasts=chance.uniform(0, LONGEST_DISPUTE_SECONDS),
            )
            for _ in range(drill.disputes)
        ]
    return found


def plan_payments(drill: PaymentsPlan) -> list[Wish]:
    """Give every order of the drill, by time; the same plan gives the same orders."""
    chance = random.Random(f"payments {drill.seed}")
    times = sorted(chance.uniform(0, drill.seconds) for _ in range(drill.payments))
    return [_wish(number, at, drill, chance) for number, at in enumerate(times, start=1)]


def _wish(number: int, at: float, drill: PaymentsPlan, chance: random.Random) -> Wish:
    provider = chance.choices(list(PROVIDER_SHARES), list(PROVIDER_SHARES.values()))[0]
    tokens = TOKENS[provider]
    token = chance.choices(list(tokens), list(tokens.values()))[0]
    approval = chance.choices(list(Approval), (6, 2, 2))[0]
    # To turn back on PayPal's page leaves the payment waiting, as if it had been forgotten.
    leaves_it = approval is Approval.FORGET or (
        provider == "paypal" and approval is Approval.REFUSE
    )
    if leaves_it and not drill.forgetful:
        approval = Approval.APPROVE
    is_cancelled = chance.random() < CANCEL_SHARE
    waits = token in ASKING_TOKENS and approval is not Approval.APPROVE
    wants_back = not is_cancelled and not waits and chance.random() < REFUND_SHARE
    return Wish(
        number=number,
        at=at,
        items=((f"SKU-{chance.randint(1, DEMO_SKUS):04}", chance.randint(1, 3)),),
        provider=provider,
        token=token,
        approval=approval,
        cancels_after=chance.uniform(0, LATEST_CANCEL_SECONDS) if is_cancelled else None,
        repeats=False,
        wants_back=chance.choice(("1.00", "")) if wants_back else None,
    )


def plan_payment_faults(drill: PaymentsPlan) -> list[Fault]:
    """Give every fault of the drill, by time; the same plan gives the same faults.

    Each provider is spoilt in every way in turn, and workers die at any point: before the call,
    during it, and with its answer in hand but not written down.
    """
    chance = random.Random(f"payment faults {drill.seed}")
    faults = [
        Fault(at=0.0, kind=plan.MEND, target=provider, provider=provider, faults=ALWAYS)
        for provider in PROVIDERS
    ]
    moods = {
        name: in_turns(
            [one for one in PROVIDER_FAULTS if drill.forgetful or one[0] != PATIENT], chance
        )
        for name in PROVIDERS
    }
    providers = in_turns(PROVIDERS, chance)
    for at in instants(drill.spoil_every, drill.seconds, chance):
        provider = next(providers)
        mood, change = next(moods[provider])
        lasts = min(duration(chance), drill.spoil_every * (len(PROVIDERS) - 1))
        faults += [
            Fault(at=at, kind=plan.SPOIL, target=f"{provider}: {mood}", provider=provider, faults=change),
            Fault(at=at + lasts, kind=plan.MEND, target=provider, provider=provider, faults=ALWAYS),
        ]  # fmt: skip
    kills = in_turns(
        ((plan.KILL, SAGA), (plan.KILL_BEFORE_COMMIT, SAGA), (plan.KILL_CHILD, WEB)), chance
    )
    for at in instants(drill.kill_every, drill.seconds, chance):
        kind, target = next(kills)
        faults.append(Fault(at=at, kind=kind, target=target))
    if drill.postgres_every is not None:
        for at in instants(drill.postgres_every, drill.seconds, chance):
            faults.append(Fault(at=at, kind=plan.CRASH_POSTGRES))
    return sorted(faults, key=lambda fault: fault.at)
