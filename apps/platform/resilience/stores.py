"""Where a gate's breaker and slots are kept: in Valkey for all workers, or in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

import msgspec
import redis

from apps.platform import valkey
from apps.platform.resilience import breaker
from apps.platform.resilience.breaker import BreakerSettings, BreakerState, Status, Transition

if TYPE_CHECKING:
    from redis.commands.core import Script

_SCRIPT = Path(__file__).with_name("gate.lua").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True, slots=True)
class GateSettings(BreakerSettings):
    """A breaker's numbers and the bulkhead's beside them.

    Attributes:
        concurrent_calls: how many calls may be on their way at once, over all workers.
        lease_ms: after how long the slot of a call that never reported comes free.
    """

    concurrent_calls: int = 30
    lease_ms: int = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a store says after one step.

    Attributes:
        granted: calls that may start now; their leases are the prefix followed by 1, 2, 3….
        at_ms: the store's time.
        slots_in_use: calls on their way.
        transition: the change of status that this step brought about.
        state: the breaker after the step.
    """

    granted: int = 0
    at_ms: int
    slots_in_use: int
    transition: Transition | None = None
    state: BreakerState


class GateStore(Protocol):
    """One atomic step at a time on the gate of a name."""

    def permit(
        self, name: str, settings: GateSettings, *, wanted: int, prefix: str, now_ms: int
    ) -> Answer:
        """Let up to `wanted` calls start, as far as breaker and bulkhead allow."""

    def settle(
        self,
        name: str,
        settings: GateSettings,
        *,
        leases: list[str],
        period: int | None,
        successes: int,
        failures: int,
        now_ms: int,
    ) -> Answer:
        """Give leases back and take in how their calls ended; the others were never used."""

    def look(self, name: str, settings: GateSettings, *, now_ms: int) -> Answer:
        """Tell how things stand and change nothing."""

    def adopt(
        self, name: str, settings: GateSettings, *, state: BreakerState, now_ms: int
    ) -> Answer:
        """Go on from a state known from elsewhere."""


class ValkeyStore:
    """Shared by all processes; every step is one round trip and goes by Valkey's clock.

    Every method raises `redis.RedisError` within half a second when Valkey is away. `adopt` leaves
    a breaker alone that already knows of an outage.
    """

    def __init__(self) -> None:
        """Connect nothing yet."""
        self._script: Script | None = None

    def permit(
        self, name: str, settings: GateSettings, *, wanted: int, prefix: str, now_ms: int
    ) -> Answer:
        """Let up to `wanted` calls start, as far as breaker and bulkhead allow."""
        return self._step(name, settings, "permit", wanted, prefix)

    def settle(
        self,
        name: str,
        settings: GateSettings,
        *,
        leases: list[str],
        period: int | None,
        successes: int,
        failures: int,
        now_ms: int,
    ) -> Answer:
        """Give leases back and take in how their calls ended; the others were never used."""
        known_period = -1 if period is None else period
        return self._step(name, settings, "settle", successes, failures, known_period, *leases)

    def look(self, name: str, settings: GateSettings, *, now_ms: int) -> Answer:
        """Tell how things stand and change nothing."""
        return self._step(name, settings, "look")

    def adopt(
        self, name: str, settings: GateSettings, *, state: BreakerState, now_ms: int
    ) -> Answer:
        """Go on from a state known from elsewhere, unless an outage is known here already."""
        return self._step(name, settings, "adopt", state.to_json())

    def _step(self, name: str, settings: GateSettings, *arguments: str | bytes | int) -> Answer:
        operation, *rest = arguments
        keys = [f"oms:gate:{{{name}}}:state", f"oms:gate:{{{name}}}:slots"]
        args = [operation, msgspec.json.encode(settings), *rest]
        granted, at_ms, slots, transition, state = cast(
            "tuple[int, int, int, bytes, bytes]",
            valkey.ask(lambda client: self._script_for(client)(keys=keys, args=args)),
        )
        return Answer(
            granted=granted,
            at_ms=at_ms,
            slots_in_use=slots,
            transition=Transition(transition.decode()) if transition else None,
            state=BreakerState.from_json(state),
        )

    def _script_for(self, client: redis.Redis) -> Script:
        if self._script is None or self._script.registered_client is not client:
            self._script = client.register_script(_SCRIPT)
        return self._script


@dataclass
class _Kept:
    state: BreakerState = field(default_factory=BreakerState)
    leases: dict[str, int] = field(default_factory=dict)


class MemoryStore:
    """In this process alone, for tests and for the time Valkey is away; goes by the caller's clock.

    Safe for threads. `adopt` takes any state.
    """

    def __init__(self) -> None:
        """Begin with every breaker closed and every slot free."""
        self._lock = Lock()
        self._gates: dict[str, _Kept] = {}

    def permit(
        self, name: str, settings: GateSettings, *, wanted: int, prefix: str, now_ms: int
    ) -> Answer:
        """Let up to `wanted` calls start, as far as breaker and bulkhead allow."""
        with self._lock:
            kept = self._kept(name, now_ms)
            before = kept.state.status
            free = max(0, settings.concurrent_calls - len(kept.leases))
            kept.state, granted = breaker.admit(
                kept.state, settings, wanted=min(wanted, free), at_ms=now_ms
            )
            ends_ms = now_ms + settings.lease_ms
            kept.leases.update((f"{prefix}{i}", ends_ms) for i in range(1, granted + 1))
            woke = before is Status.OPEN and kept.state.status is Status.HALF_OPEN
            return _answer(kept, now_ms, granted, Transition.HALF_OPENED if woke else None)

    def settle(
        self,
        name: str,
        settings: GateSettings,
        *,
        leases: list[str],
        period: int | None,
        successes: int,
        failures: int,
        now_ms: int,
    ) -> Answer:
        """Give leases back and take in how their calls ended; the others were never used."""
        with self._lock:
            kept = self._kept(name, now_ms)
            for lease in leases:
                kept.leases.pop(lease, None)
            kept.state, transition = breaker.settle(
                kept.state,
                settings,
                successes=successes,
                failures=failures,
                unused=max(0, len(leases) - successes - failures),
                period=period,
                at_ms=now_ms,
            )
            return _answer(kept, now_ms, transition=transition)

    def look(self, name: str, settings: GateSettings, *, now_ms: int) -> Answer:
        """Tell how things stand and change nothing."""
        with self._lock:
            return _answer(self._kept(name, now_ms), now_ms)

    def adopt(
        self, name: str, settings: GateSettings, *, state: BreakerState, now_ms: int
    ) -> Answer:
        """Go on from a state known from elsewhere."""
        with self._lock:
            kept = self._kept(name, now_ms)
            kept.state = state
            return _answer(kept, now_ms)

    def _kept(self, name: str, now_ms: int) -> _Kept:
        kept = self._gates.setdefault(name, _Kept())
        for lease in [lease for lease, ends_ms in kept.leases.items() if ends_ms <= now_ms]:
            del kept.leases[lease]
        return kept


def _answer(
    kept: _Kept, now_ms: int, granted: int = 0, transition: Transition | None = None
) -> Answer:
    return Answer(
        granted=granted,
        at_ms=now_ms,
        slots_in_use=len(kept.leases),
        transition=transition,
        state=kept.state,
    )
