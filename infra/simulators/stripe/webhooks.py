"""Send signed events to their receiver: without order, more than once if asked, until taken."""

import asyncio
import hashlib
import heapq
import hmac
import itertools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from infra.simulators.http_client import HttpTarget
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.faults import Mischief
from infra.simulators.stripe.objects import Event

SENDERS = 4
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
MOST_ATTEMPTS = 30
ANNOUNCED = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "refund.failed",
    "refund.updated",
)
"""What a receiver is subscribed to unless it says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who receives the events, signed with which secret, and which types."""

    url: str
    secret: str
    types: tuple[str, ...] = ANNOUNCED
    """What is sent; `*` stands for everything."""

    def wants(self, event_type: str) -> bool:
        """Whether events of a type are sent."""
        return event_type in self.types or "*" in self.types


class Webhooks:
    """Sends the events that `Books` holds as undelivered."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        books: Books,
        mischief: Mischief,
        write: Callable[[Event], bytes],
    ) -> None:
        """Send to one endpoint; `write` gives the body of an event."""
        self._endpoint = endpoint
        self._books = books
        self._mischief = mischief
        self._write = write
        self._due: list[tuple[float, int, Event, int]] = []
        self._order = itertools.count()
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        """Send for ever, beginning with what an earlier process could not deliver."""
        await self.announce(list(self._books.undelivered.values()))
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(self._send_for_ever())

    async def announce(self, events: list[Event]) -> None:
        """Have events sent soon: each that the receiver is subscribed to."""
        for event in events:
            if self._endpoint.wants(event.type):
                for _ in range(1 + self._mischief.faults.webhook_duplicates):
                    self._add(event, attempt=1, pause=self._mischief.webhook_pause())
        async with self._changed:
            self._changed.notify_all()

    def forget_all(self) -> None:
        """Send nothing of what waits."""
        self._due.clear()

    def _add(self, event: Event, *, attempt: int, pause: float) -> None:
        entry = (time.monotonic() + pause, next(self._order), event, attempt)
        heapq.heappush(self._due, entry)

    async def _send_for_ever(self) -> None:
        target = HttpTarget(self._endpoint.url)
        while True:
            event, attempt = await self._next()
            body = self._write(event)
            status = 0
            with suppress(OSError, EOFError, TimeoutError, ValueError):
                status = await target.post(
                    body,
                    {
                        "Content-Type": "application/json; charset=utf-8",
                        "Stripe-Signature": sign(body, self._endpoint.secret, int(time.time())),
                        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    },
                )
            if 200 <= status < 300:
                self._books.delivered(event.id)
                self._books.write()
            elif attempt < MOST_ATTEMPTS:
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
                self._add(event, attempt=attempt + 1, pause=pause * random.uniform(0.5, 1))

    async def _next(self) -> tuple[Event, int]:
        """Wait for the event that is due first."""
        async with self._changed:
            while True:
                pause = self._due[0][0] - time.monotonic() if self._due else None
                if pause is not None and pause <= 0:
                    _, _, event, attempt = heapq.heappop(self._due)
                    return event, attempt
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()


def sign(body: bytes, secret: str, now: int) -> str:
    """Give the `Stripe-Signature` header of a body, signed at a time in seconds."""
    digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"
