"""One provider's gate: asks before a batch of calls, told afterwards how they ended.

    gate = Gate("stripe")
    leases = gate.permits(len(due), now)               # breaker and bulkhead, one round trip
    ... make a call for each lease ...
    if gate.record(succeeded, failed, now) is Transition.CLOSED:
        ...                                            # the provider is back: wake what waits

All worker processes share breaker and bulkhead through Valkey. Without Valkey each process goes on
alone from what it last saw, which is looser (every process has its own slots) but never stands
still; `gate_is_shared` in the metrics says so. Back with Valkey, an outage seen meanwhile is
carried over, so that its end is still noticed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import redis
import structlog

from apps.platform.resilience.breaker import FAILURE, BreakerState, Status, Transition, admit
from apps.platform.resilience.stores import (
    Answer,
    GateSettings,
    GateStore,
    MemoryStore,
    ValkeyStore,
)
from apps.platform.telemetry import metrics

FRESH_MS = 1000
"""How old what a process saw of a breaker may be for whoever only wants to know."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_STATUS_NUMBER = {Status.CLOSED: 0, Status.HALF_OPEN: 1, Status.OPEN: 2}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class GateState:
    """How a gate stands, for the admin, the metrics and the health page.

    Attributes:
        name: the provider.
        status: whether calls may start.
        since: when that status began; None before the first change.
        recent_failures: failures among the latest calls while closed.
        slots_in_use: calls on their way, over all workers when shared.
        slots: how many may be at once.
        is_shared: False while Valkey is away and this process is on its own.
    """

    name: str
    status: Status
    since: datetime | None
    recent_failures: int
    slots_in_use: int
    slots: int
    is_shared: bool


class Lease(NamedTuple):
    """One call that may start: its slot, and the period of the breaker it begins in."""

    name: str
    period: int


class Gate:
    """Decides how many calls to one provider may start now. Safe for threads.

    A call is a failure only if the provider did not answer; a decline is a success, and so is an
    answer that the caller can do nothing with. No method waits on Valkey for longer than half a second, and none raises
    because Valkey is away. A shared gate goes by Valkey's clock, `now` counts where it is away.
    """

    def __init__(
        self, name: str, settings: GateSettings | None = None, store: GateStore | None = None
    ) -> None:
        """Connect nothing yet. Without a store the gate is shared through Valkey."""
        self.name = name
        self.settings = settings or GateSettings()
        self._shared: GateStore = store or ValkeyStore()
        self._local = MemoryStore()
        self._is_shared = True
        self._last_seen = BreakerState()
        self._clock_ahead_ms = 0
        self._known = BreakerState()
        self._known_at_ms = 0

    def permits(self, wanted: int, now: datetime) -> list[Lease]:
        """Take a slot for each of the wanted calls that may start now.

        Every slot is given back by `record` or `release`, or by itself after its lease (20 s), so
        that a killed worker holds nothing for long. In half-open 3 calls start over all workers.
        """
        prefix = f"{secrets.token_hex(6)}."
        answer = self._step(
            lambda store, now_ms: store.permit(
                self.name, self.settings, wanted=max(0, wanted), prefix=prefix, now_ms=now_ms
            ),
            now,
        )
        return [Lease(f"{prefix}{i}", answer.state.period) for i in range(1, answer.granted + 1)]

    def record(
        self, succeeded: Sequence[Lease], failed: Sequence[Lease], now: datetime
    ) -> Transition | None:
        """Take in how permitted calls ended, and give their slots back.

        Returns the change this brought about: `OPENED`, or `CLOSED` when the provider has proven to
        be back; exactly one caller over all workers gets it. Calls that began before the latest
        change of the breaker no longer count.
        """
        change = None
        for period in sorted({lease.period for lease in (*succeeded, *failed)}):
            answer = self._settle(
                [lease for lease in succeeded if lease.period == period],
                [lease for lease in failed if lease.period == period],
                [],
                now,
            )
            change = answer.transition or change
        return change

    def could_start(self, wanted: int, now: datetime) -> int:
        """Tell how many of the wanted calls the breaker would let start now; it takes no slot for them.

        What this process saw within the last second counts; else it looks, which changes nothing.
        """
        own_ms = (now - _EPOCH) // _MILLISECOND
        if abs(own_ms - self._known_at_ms) > FRESH_MS:
            self.state(now)
        _, granted = admit(
            self._known, self.settings, wanted=wanted, at_ms=own_ms + self._clock_ahead_ms
        )
        return granted

    def release(self, unused: Sequence[Lease], now: datetime) -> None:
        """Give back the slots of permitted calls that never started; a second time is no matter."""
        if unused:
            self._settle([], [], unused, now)

    def state(self, now: datetime) -> GateState:
        """Tell how the gate stands; changes nothing."""
        answer = self._step(
            lambda store, now_ms: store.look(self.name, self.settings, now_ms=now_ms), now
        )
        seen = answer.state
        return GateState(
            name=self.name,
            status=seen.status,
            since=_EPOCH + seen.since_ms * _MILLISECOND if seen.since_ms else None,
            recent_failures=seen.outcomes.count(FAILURE),
            slots_in_use=answer.slots_in_use,
            slots=self.settings.concurrent_calls,
            is_shared=self._is_shared,
        )

    def _settle(
        self,
        succeeded: Sequence[Lease],
        failed: Sequence[Lease],
        unused: Sequence[Lease],
        now: datetime,
    ) -> Answer:
        leases = [*succeeded, *failed, *unused]
        return self._step(
            lambda store, now_ms: store.settle(
                self.name,
                self.settings,
                leases=[lease.name for lease in leases],
                period=leases[0].period,
                successes=len(succeeded),
                failures=len(failed),
                now_ms=now_ms,
            ),
            now,
        )

    def _step(self, step: Callable[[GateStore, int], Answer], now: datetime) -> Answer:
        own_ms = (now - _EPOCH) // _MILLISECOND
        try:
            if not self._is_shared:
                self._carry_over(own_ms)
            answer = step(self._shared, own_ms)
        except redis.RedisError as away:
            self._go_on_alone(away, own_ms)
            answer = step(self._local, own_ms + self._clock_ahead_ms)
        else:
            self._clock_ahead_ms = answer.at_ms - own_ms
            self._last_seen = answer.state
            self._note_sharing(is_shared=True)
        self._known, self._known_at_ms = answer.state, own_ms
        self._observe(answer)
        return answer

    def _carry_over(self, own_ms: int) -> None:
        seen = self._local.look(self.name, self.settings, now_ms=own_ms + self._clock_ahead_ms)
        if seen.state.status is not Status.CLOSED:
            self._shared.adopt(self.name, self.settings, state=seen.state, now_ms=own_ms)

    def _go_on_alone(self, away: redis.RedisError, own_ms: int) -> None:
        if self._is_shared:
            log.warning("gate goes on without Valkey", gateway=self.name, error=str(away))
            self._local.adopt(self.name, self.settings, state=self._last_seen, now_ms=own_ms)
        self._note_sharing(is_shared=False)

    def _note_sharing(self, *, is_shared: bool) -> None:
        self._is_shared = is_shared
        metrics.gate_is_shared.labels(self.name).set(is_shared)

    def _observe(self, answer: Answer) -> None:
        metrics.breaker_state.labels(self.name).set(_STATUS_NUMBER[answer.state.status])
        metrics.gateway_calls_in_flight.labels(self.name).set(answer.slots_in_use)
        if answer.transition is not None:
            metrics.breaker_transitions_total.labels(self.name, answer.transition.value).inc()
            log.warning("breaker changed", gateway=self.name, change=answer.transition.value)
