"""How long a provider is away in the drill of an outage, and who orders meanwhile."""

import random
from dataclasses import dataclass

from tests.resilience.plan import DEMO_SKUS, MEND, SPOIL, Approval, Fault, Wish

OUTAGE_SECONDS, LIMIT_SECONDS = 30 * 60.0, 10 * 60.0
"""What the platform has to stand, and when all has to be confirmed after it."""
BREAKER_SECONDS = 10.0
LEAST_LIMIT_SECONDS = 20.0
"""The breaker looks every ten seconds whether the provider is back, which nothing shortens, and what
waits goes out at its pace then; a limit below this would judge the clock of the breaker alone."""
AWAY, THE_OTHER = "stripe", "adyen"
TOKENS = {AWAY: "pm_card_visa", THE_OTHER: "stored_card_authorised"}
MOODS: tuple[tuple[str, dict[str, object]], ...] = (
    ("answers 503", {"down": True}),
    ("resets connections", {"refuse": "reset"}),
)
WARM_UP_SECONDS = 2.0
QUICK_RELEASE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagePlan:
    """The size of the drill. Times in seconds, the rate in orders a second over both providers.

    `factor` is by how much the half hour is compressed; the ten minutes afterwards are alike.
    """

    seed: int
    factor: float = 1 / 30
    rate: float = 10.0
    seconds_before: float = 10.0
    seconds_after: float = 5.0
    latency_ms: int = 100
    release_per_second: int = 50
    concurrent_calls: int = 30

    @property
    def outage_seconds(self) -> float:
        """How long the provider is away."""
        return OUTAGE_SECONDS * self.factor

    @property
    def limit_seconds(self) -> float:
        """How long after its return all must be confirmed."""
        return max(LEAST_LIMIT_SECONDS, LIMIT_SECONDS * self.factor)

    @property
    def settle_within(self) -> float:
        """How long the drill waits, so that it can say how late a late confirmation is."""
        return 2 * self.limit_seconds

    @property
    def begins_at(self) -> float:
        """When the outage begins, counted from the first order."""
        return WARM_UP_SECONDS + self.seconds_before

    @property
    def ends_at(self) -> float:
        """When the provider is back."""
        return self.begins_at + self.outage_seconds

    @property
    def seconds(self) -> float:
        """How long orders arrive."""
        return self.ends_at + self.seconds_after

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the platform that the drill needs."""
        return {
            "OMS_GATEWAY_RECOVERY_PER_SECOND": str(self.release_per_second),
            "OMS_GATEWAY_CONCURRENCY": str(self.concurrent_calls),
        }

    @property
    def scaling(self) -> list[str]:
        """What was compressed and what was not, for people."""
        shorter = "" if self.limit_seconds > LEAST_LIMIT_SECONDS else ", the least that is judged"
        return [
            f"outage {OUTAGE_SECONDS:.0f} s → {self.outage_seconds:g} s",
            f"limit after it {LIMIT_SECONDS:.0f} s → {self.limit_seconds:g} s{shorter}",
            f"release after it 100 → {self.release_per_second} a second, to be seen as a ramp",
            f"not scaled: breaker (5 in a row, {BREAKER_SECONDS:.0f} s open, 3 trial calls), "
            f"{self.concurrent_calls} calls at once",
        ]


def quick_outage(*, seed: int) -> OutagePlan:
    """Give an outage as long as the breaker stays open, and a slow release after it."""
    return OutagePlan(
        seed=seed,
        factor=9 / OUTAGE_SECONDS,
        rate=8.0,
        seconds_before=1.0,
        seconds_after=0.5,
        release_per_second=QUICK_RELEASE,
    )


def plan_outage_orders(plan: OutagePlan) -> list[Wish]:
    """Give every order of the drill, by time; the same plan gives the same orders."""
    chance = random.Random(f"outage {plan.seed}")
    count = round(plan.rate * plan.seconds)
    times = sorted(chance.uniform(0, plan.seconds) for _ in range(count))
    return [_wish(number, at, chance) for number, at in enumerate(times, start=1)]


def plan_outage(plan: OutagePlan) -> list[Fault]:
    """Give the outage, with how the provider is away drawn from the seed, and its end."""
    mood, change = random.Random(f"mood {plan.seed}").choice(MOODS)
    slow: dict[str, object] = {"latency_ms": plan.latency_ms}
    return [
        *(
            Fault(at=0.0, kind=MEND, target=provider, provider=provider, faults=slow)
            for provider in TOKENS
        ),
        Fault(
            at=plan.begins_at, kind=SPOIL, target=f"{AWAY}: {mood}", provider=AWAY, faults=change
        ),
        Fault(at=plan.ends_at, kind=MEND, target=AWAY, provider=AWAY, faults=slow),
    ]


def _wish(number: int, at: float, chance: random.Random) -> Wish:
    provider = chance.choice((AWAY, THE_OTHER))
    return Wish(
        number=number,
        at=at,
        items=((f"SKU-{chance.randint(1, DEMO_SKUS):04}", 1),),
        provider=provider,
        token=TOKENS[provider],
        approval=Approval.FORGET,
        cancels_after=None,
        repeats=False,
    )
