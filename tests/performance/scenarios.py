"""The runs of the benchmark: what arrives, how fast, and how slow the payment provider is."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tests.performance.load import Means, Phase, at_rate

PEAK = 2_000
GATEWAY_MS = 200
# A little more than the target, so that the orders still under way at the end do not decide.
SUSTAINED = 10_300
SATURATION = "saturation"
WARM_UP = "warm-up"


SANDBOX = Means()
PROVIDERS = (
    Means(provider="stripe", token="pm_card_visa"),
    Means(provider="adyen", token="stored_card_authorised"),
    Means(provider="paypal", method="paypal", token="vault-ok"),
)
# A little more than the target, as above. Thirty calls at once of 200 ms each are 150 a second.
BY_PROVIDER = 3_150


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What differs between the platforms that runs are made on; None: as `make run` has it."""

    gateway_latency_ms: int = 0
    gateway_concurrency: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that make it so."""
        variables = {"OMS_SANDBOX_LATENCY_MS": str(self.gateway_latency_ms)}
        if self.gateway_concurrency is not None:
            variables["OMS_GATEWAY_CONCURRENCY"] = str(self.gateway_concurrency)
        return variables


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One run. Orders that arrive before `measured_from` seconds count for load, not for times."""

    name: str
    title: str
    phases: tuple[Phase, ...]
    platform: Platform = field(default_factory=Platform)
    connections: int = 64
    hot_sku: str | None = None
    means: Means = SANDBOX
    measured_from: float = 0.0
    further_seconds: float = 0.0
    """What it takes beyond the time in which its first orders arrive, at most."""

    @property
    def seconds(self) -> float:
        """How long orders arrive."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def offered_per_min(self) -> float:
        """Orders a minute in the measured part; 0 for a burst, which has no rate."""
        measured = self.phases[-1]
        return 60 * measured.orders / measured.seconds if measured.seconds else 0.0

    def changed(self, *, rate: float | None, seconds: float | None) -> "Scenario":
        """Give the same run at another rate or length; a burst stays as it is."""
        *lead, last = self.phases
        if not last.seconds or (rate is None and seconds is None):
            return self
        phase = at_rate(rate or self.offered_per_min, seconds or last.seconds)
        return replace(self, phases=(*lead, phase))


SLOW = Platform(gateway_latency_ms=GATEWAY_MS)
SLOW_AND_WIDE = Platform(gateway_latency_ms=GATEWAY_MS, gateway_concurrency=100)

SCENARIOS = (
    Scenario(name="steady", title="peak load", phases=(at_rate(PEAK, 60),)),
    Scenario(name="sustained", title="sustained load", phases=(at_rate(SUSTAINED, 120),)),
    Scenario(
        name=SATURATION,
        title="search for saturation",
        phases=(at_rate(6_000, 12),),
        further_seconds=180.0,
    ),
    Scenario(
        name="hot-sku",
        title="every order wants the same SKU",
        phases=(at_rate(6_000, 40),),
        hot_sku="SKU-0001",
    ),
    Scenario(
        name="burst",
        title="200 placements at once",
        phases=(Phase(orders=200, seconds=0),),
        connections=200,
    ),
    Scenario(
        name="step",
        title="from normal load to ten times that",
        phases=(at_rate(PEAK / 10, 20), at_rate(PEAK, 40)),
        measured_from=20.0,
    ),
    Scenario(
        name="gateway",
        title="peak load, payment calls take 200 ms",
        phases=(at_rate(PEAK, 45),),
        platform=SLOW,
    ),
    *(
        Scenario(
            name=f"gateway-{means.provider}",
            title=f"3,000 a minute through a simulated {means.provider}, whose calls take 200 ms",
            phases=(at_rate(BY_PROVIDER, 60),),
            platform=SLOW,
            means=means,
        )
        for means in PROVIDERS
    ),
    Scenario(
        name="gateway-fast",
        title="6,000 a minute, payment calls take 200 ms",
        phases=(at_rate(6_000, 45),),
        platform=SLOW_AND_WIDE,
    ),
)
QUICK_SECONDS = {"steady": 10.0, "sustained": 12.0, "hot-sku": 6.0, "burst": 0.0}
QUICK_OTHERS = 8.0


def chosen(
    *, only: Collection[str], quick: bool, rate: float | None, seconds: float | None
) -> list[Scenario]:
    """Choose the runs and cut them to size.

    Raises:
        ValueError: there is no run of that name.
    """
    names = [scenario.name for scenario in SCENARIOS]
    if unknown := sorted(set(only) - set(names)):
        raise ValueError(f"no such run: {', '.join(unknown)}; there are {', '.join(names)}")
    wanted = set(only) or (set(QUICK_SECONDS) if quick else set(names))
    found = []
    for scenario in SCENARIOS:
        if scenario.name in wanted:
            length = QUICK_SECONDS.get(scenario.name, QUICK_OTHERS) if quick else None
            found.append(scenario.changed(rate=rate, seconds=seconds or length))
    return found


def warm_up(platform: Platform) -> Scenario:
    """Give the load that wakes a fresh platform: first requests load code and fill caches."""
    return Scenario(name=WARM_UP, title="warm-up", phases=(at_rate(1_500, 4),), platform=platform)
