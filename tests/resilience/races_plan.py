"""Who races for a payment: the customer who comes back, the provider's message and our own retries."""

import random
from dataclasses import dataclass

from tests.resilience import plan
from tests.resilience.books import PROVIDERS
from tests.resilience.plan import DEMO_SKUS, Approval, Fault, Wish

TOKENS = {
    "stripe": "pm_card_authenticationRequired",
    "adyen": "stored_card_challenge",
    "paypal": "wallet",
}
RETURNS, RETRIES = 2, 3
LONGEST_DELAY_SECONDS = 0.12
UNSETTLED: dict[str, object] = {
    "latency_ms": 40,
    "webhook_duplicates": 1,
    "webhook_reorder_ms": 120,
}
"""Calls take long enough to meet each other, and every message comes twice, among the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RacesPlan:
    """The size of the drill. Times in seconds, the rate in races a second."""

    seed: int
    races: int = 1000
    rate: float = 14.0
    settle_within: float = 90.0

    @property
    def seconds(self) -> float:
        """How long races begin."""
        return self.races / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """An order that waits for its customer, and after how many seconds each of the others comes.

    `returns` are those of the customer's browser, `retries` those of our own dispatcher.
    """

    wish: Wish
    returns: tuple[float, ...]
    retries: tuple[float, ...]

    @property
    def at(self) -> float:
        """When the order is placed, in seconds from the beginning."""
        return self.wish.at


def quick_races(*, seed: int) -> RacesPlan:
    """Give a drill of some seconds."""
    return RacesPlan(seed=seed, races=30, rate=12.0, settle_within=40.0)


def plan_races(drill: RacesPlan) -> list[Race]:
    """Give every race, by time; the same plan gives the same races."""
    chance = random.Random(f"races {drill.seed}")
    times = sorted(chance.uniform(0, drill.seconds) for _ in range(drill.races))
    return [_race(number, at, chance) for number, at in enumerate(times, start=1)]


def plan_unsettled(drill: RacesPlan) -> list[Fault]:
    """Give what the providers do all along."""
    return [
        Fault(at=0.0, kind=plan.MEND, target=name, provider=name, faults=UNSETTLED)
        for name in PROVIDERS
    ]


def _race(number: int, at: float, chance: random.Random) -> Race:
    # In turn, so that a small drill has all of them.
    provider = PROVIDERS[number % len(PROVIDERS)]
    wish = Wish(
        number=number,
        at=at,
        items=((f"SKU-{chance.randint(1, DEMO_SKUS):04}", 1),),
        provider=provider,
        token=TOKENS[provider],
        approval=Approval.APPROVE,
        cancels_after=None,
        repeats=False,
    )
    return Race(
        wish=wish,
        returns=tuple(chance.uniform(0, LONGEST_DELAY_SECONDS) for _ in range(RETURNS)),
        retries=tuple(chance.uniform(0, LONGEST_DELAY_SECONDS) for _ in range(RETRIES)),
    )
