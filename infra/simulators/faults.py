"""What can be made to go wrong at a simulated provider, on demand."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from apps.kernel.decoding import convert, decode
from infra.simulators.http_server import CutConnection

Share = Annotated[float, Meta(ge=0, le=1)]
Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The present faults; all off by default.

    Attributes:
        latency_ms: every call takes this long before anything is done, or until the faults are
            ended; its key is in use meanwhile.
        down: every call is answered 503, and nothing is done.
        refuse: every call is answered with this status, and nothing is done; `reset` cuts the
            connection instead.
        error_rate: the share of calls that are answered 500 with nothing done.
        error_after_work_rate: the same, but the work was done.
        lose_answers_rate: the share of calls whose work is done and whose connection is cut then.
        webhook_duplicates: how many more times each webhook is sent.
        webhook_delay_ms: how long each webhook waits before it is sent.
        webhook_reorder_ms: the longest further pause, drawn for each webhook.
        seed: with one, the shares fall on the same calls each time.
    """

    latency_ms: Milliseconds = 0
    down: bool = False
    refuse: Annotated[int, Meta(ge=400, le=599)] | Literal["reset"] | None = None
    error_rate: Share = 0.0
    error_after_work_rate: Share = 0.0
    lose_answers_rate: Share = 0.0
    webhook_duplicates: Annotated[int, Meta(ge=0, le=100)] = 0
    webhook_delay_ms: Milliseconds = 0
    webhook_reorder_ms: Milliseconds = 0
    seed: int | None = None


class Mischief:
    """Brings the present faults about, in the provider's own words."""

    def __init__(
        self,
        *,
        out_of_order: Callable[[int], Exception],
        internal_error: Callable[[], Exception],
    ) -> None:
        """Begin without faults; the two say what the provider answers with, given a status or none."""
        self._out_of_order = out_of_order
        self._internal_error = internal_error
        self._dice = random.Random()
        self.faults = Faults()
        self._ended = asyncio.Event()

    def change(self, document: bytes) -> None:
        """Set the faults that are named and leave the others.

        Raises:
            msgspec.MsgspecError: the document is not a part of `Faults`.
        """
        wanted = decode(document, dict[str, object])
        self.faults = convert({**msgspec.structs.asdict(self.faults), **wanted}, Faults)
        if "seed" in wanted:
            self._dice = random.Random(self.faults.seed)

    def end(self) -> None:
        """Turn all faults off; calls that take their time go on at once."""
        self.faults = Faults()
        self._ended.set()
        self._ended = asyncio.Event()

    def before_anything(self) -> None:
        """Be unreachable.

        Raises:
            CutConnection: the answer is a reset.
            Exception: the provider's error.
        """
        if self.faults.refuse == "reset":
            raise CutConnection
        if self.faults.down:
            raise self._out_of_order(503)
        if self.faults.refuse is not None:
            raise self._out_of_order(self.faults.refuse)

    async def wait(self) -> None:
        """Take the time that a call is to take."""
        if self.faults.latency_ms:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.faults.latency_ms / 1000):
                    await self._ended.wait()

    def before_work(self) -> None:
        """Break down with nothing done.

        Raises:
            Exception: the provider's error, if that is the case.
        """
        if self._falls(self.faults.error_rate):
            raise self._internal_error()

    def after_work(self) -> None:
        """Break down with the work done.

        Raises:
            Exception: the provider's error, if that is the case.
        """
        if self._falls(self.faults.error_after_work_rate):
            raise self._internal_error()

    def before_answer(self) -> None:
        """Lose the answer.

        Raises:
            CutConnection: that is the case.
        """
        if self._falls(self.faults.lose_answers_rate):
            raise CutConnection

    def webhook_pause(self) -> float:
        """Say for how many seconds the next webhook waits."""
        reorder = self._dice.random() * self.faults.webhook_reorder_ms
        return (self.faults.webhook_delay_ms + reorder) / 1000

    def _falls(self, share: float) -> bool:
        return share > 0 and self._dice.random() < share
