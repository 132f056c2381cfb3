"""What the load generator is asked for and what it reports. Light: its process loads little else."""

import json
import random
from collections.abc import Sequence

from msgspec import Struct

SKUS = 1000
ORDERS_PATH = "/api/v1/orders"


class Phase(Struct, frozen=True, kw_only=True):
    """So many orders, arriving at random instants of so many seconds; 0 seconds: all at once."""

    orders: int
    seconds: float


def at_rate(per_minute: float, seconds: float) -> Phase:
    """Give the phase in which `per_minute` orders a minute arrive for `seconds`."""
    return Phase(orders=max(1, round(per_minute * seconds / 60)), seconds=seconds)


class Means(Struct, frozen=True, kw_only=True):
    """By what all orders of a load are paid."""

    provider: str = "sandbox"
    method: str = "card"
    token: str = "tok_approve"


class Load(Struct, frozen=True, kw_only=True):
    """The work of one generator.

    `key_prefix` makes the idempotency keys of this load different from those of all others.
    """

    host: str
    port: int
    token: str
    customer_id: str
    key_prefix: str
    phases: list[Phase]
    connections: int = 64
    hot_sku: str | None = None
    means: Means = Means()
    seed: int = 7


class Answer(Struct, frozen=True, array_like=True):
    """What became of one placement; instants in seconds since 1970, 0 and status 0: no answer."""

    scheduled_at: float
    answered_at: float
    status: int
    order_id: str

    @property
    def is_accepted(self) -> bool:
        """Whether the platform promised to look after the order."""
        return self.status == 202


class LoadReport(Struct, frozen=True, kw_only=True):
    """What a generator saw. `started_at` is instant 0 of the schedule, in seconds since 1970.

    `late_ms` is how late it woke up for its own schedule, at the 99th percentile: a figure of
    more than a few milliseconds means that the machine had no time for the generator itself.
    """

    started_at: float
    answers: list[Answer]
    cpu_seconds: float
    late_ms: float


def arrivals(phases: Sequence[Phase], *, seed: int) -> list[float]:
    """Give the instant of every arrival, in seconds from the start, sorted; the same every time.

    Customers do not know of each other, so the instants are independent: some come together.
    """
    chance = random.Random(seed)
    instants: list[float] = []
    start = 0.0
    for phase in phases:
        instants += sorted(start + chance.random() * phase.seconds for _ in range(phase.orders))
        start += phase.seconds
    return instants


def requests(load: Load, count: int) -> list[bytes]:
    """Write the placements of two-line orders, ready to be sent.

    With a hot SKU every order asks for it, and for another one besides.
    """
    chance = random.Random(load.seed)
    head = (
        f"POST {ORDERS_PATH} HTTP/1.1\r\nHost: {load.host}:{load.port}\r\n"
        f"Authorization: Bearer {load.token}\r\nContent-Type: application/json\r\n"
    )
    written = []
    for number in range(count):
        body = _body(load, chance).encode()
        key = f"Idempotency-Key: {load.key_prefix}-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
        written.append((head + key).encode() + body)
    return written


def _body(load: Load, chance: random.Random) -> str:
    first, second = chance.sample(range(1, SKUS + 1), 2)
    skus = [load.hot_sku or f"SKU-{first:04}", f"SKU-{second:04}"]
    if skus[0] == skus[1]:
        skus[1] = f"SKU-{first:04}"
    return json.dumps(
        {
            "customer_id": load.customer_id,
            "currency": "EUR",
            "items": [{"sku": skus[0], "quantity": 2}, {"sku": skus[1], "quantity": 1}],
            "shipping": {
                "method": "standard",
                "address": {
                    "name": "Ada Lovelace",
                    "line1": "Unter den Linden 1",
                    "city": "Berlin",
                    "postal_code": "10117",
                    "country": "DE",
                    "phone": "+49301234567",
                },
            },
            "payment": {
                "provider": load.means.provider,
                "method": {"type": load.means.method, "token": load.means.token},
            },
            "metadata": {"cart": f"cart-{chance.randrange(10**9)}"},
        }
    )
