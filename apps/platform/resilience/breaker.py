"""The circuit breaker as pure functions: a state and what happened in, the next state out.

    closed ──(5 failures in a row, or half of the last 10)──▶ open ──(10 s)──▶ half-open
    half-open ──(3 trial calls succeed)──▶ closed      half-open ──(one fails)──▶ open

Only a failure that means "the provider is unavailable" or "the outcome is unknown" counts as one;
a declined card is an answer, hence a success. Times are milliseconds since 1970 by whichever clock
the keeper of the state uses. `gate.lua` is the same arithmetic for states kept in Valkey; a test
drives both with the same calls and demands equal states.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import msgspec

from apps.kernel.decoding import decode

SUCCESS = "S"
FAILURE = "F"


class Status(StrEnum):
    """Whether calls may start."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Transition(StrEnum):
    """A change of status; `CLOSED` is the news that the provider is back."""

    OPENED = "opened"
    HALF_OPENED = "half_opened"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerSettings:
    """When a breaker opens and how it closes again; the defaults are the platform's numbers.

    Attributes:
        window_calls: how many of the latest calls are judged.
        failure_percent: share of failures in a full window that opens it.
        failures_in_a_row: run of failures that opens it, full window or not.
        open_ms: how long it stays open before trial calls.
        trial_calls: how many trial calls may start, and have to succeed, in half-open.
        trial_ms: how long to wait for trial calls that never report before trying anew.
    """

    window_calls: int = 10
    failure_percent: int = 50
    failures_in_a_row: int = 5
    open_ms: int = 10_000
    trial_calls: int = 3
    trial_ms: int = 20_000

    def __post_init__(self) -> None:
        """Refuse numbers that could never open or never close the breaker."""
        if not 1 <= self.failures_in_a_row <= self.window_calls:
            raise ValueError("failures_in_a_row has to lie between 1 and window_calls")
        if not 1 <= self.failure_percent <= 100:
            raise ValueError("failure_percent has to lie between 1 and 100")
        if min(self.open_ms, self.trial_calls, self.trial_ms) < 1:
            raise ValueError("open_ms, trial_calls and trial_ms have to be positive")


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """All that a breaker remembers; its JSON is what is kept in Valkey.

    Attributes:
        period: number of changes of status so far; a call belongs to the period it started in.
        since_ms: when the present status began.
        outcomes: the latest calls while closed, newest last, `S` or `F` each.
        open_until_ms: when trial calls may begin.
        trials_started: trial calls handed out in this period.
        trials_succeeded: trial calls that reported success in this period.
        trials_until_ms: when unreported trial calls are given up.
    """

    status: Status = Status.CLOSED
    period: int = 0
    since_ms: int = 0
    outcomes: str = ""
    open_until_ms: int = 0
    trials_started: int = 0
    trials_succeeded: int = 0
    trials_until_ms: int = 0

    def to_json(self) -> bytes:
        """Write the state down."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> BreakerState:
        """Read a state that `to_json` or `gate.lua` wrote.

        Raises:
            msgspec.ValidationError: it is something else.
        """
        return decode(text, cls)


def admit(
    state: BreakerState, settings: BreakerSettings, *, wanted: int, at_ms: int
) -> tuple[BreakerState, int]:
    """Say how many of the wanted calls may start, and count them as trials where that matters."""
    state = _awake(state, settings, wanted=wanted, at_ms=at_ms)
    match state.status:
        case Status.CLOSED:
            return state, wanted
        case Status.OPEN:
            return state, 0
        case Status.HALF_OPEN:
            granted = min(wanted, settings.trial_calls - state.trials_started)
            if granted <= 0:
                return state, 0
            counted = msgspec.structs.replace(
                state,
                trials_started=state.trials_started + granted,
                trials_until_ms=at_ms + settings.trial_ms,
            )
            return counted, granted
        case _:
            assert_never(state.status)


def settle(
    state: BreakerState,
    settings: BreakerSettings,
    *,
    successes: int,
    failures: int,
    unused: int = 0,
    period: int | None = None,
    at_ms: int,
) -> tuple[BreakerState, Transition | None]:
    """Take in how a batch of calls ended; `unused` were permitted and never started.

    Calls that started in another `period` than the present one change nothing: an answer that was
    on its way since before the outage says nothing about now. Without a period they always count.
    """
    if period is not None and period != state.period:
        return state, None
    match state.status:
        case Status.OPEN:
            return state, None
        case Status.CLOSED:
            return _settle_closed(state, settings, successes, failures, at_ms)
        case Status.HALF_OPEN:
            return _settle_trials(state, settings, successes, failures, unused, at_ms)
        case _:
            assert_never(state.status)


def in_even_order(successes: int, failures: int) -> str:
    """Lay out a batch whose order is unknown, failures spread evenly and one of them last.

    Putting them in one run would let a large batch with few failures look like an outage.
    """
    total = successes + failures
    return "".join(
        FAILURE if (i + 1) * failures // total > i * failures // total else SUCCESS
        for i in range(total)
    )


def _awake(
    state: BreakerState, settings: BreakerSettings, *, wanted: int, at_ms: int
) -> BreakerState:
    if wanted < 1:
        return state
    waited_out = state.status is Status.OPEN and at_ms >= state.open_until_ms
    trials_lost = (
        state.status is Status.HALF_OPEN
        and state.trials_started >= settings.trial_calls
        and at_ms >= state.trials_until_ms
    )
    if waited_out or trials_lost:
        return BreakerState(status=Status.HALF_OPEN, period=state.period + 1, since_ms=at_ms)
    return state


def _settle_closed(
    state: BreakerState, settings: BreakerSettings, successes: int, failures: int, at_ms: int
) -> tuple[BreakerState, Transition | None]:
    outcomes = state.outcomes
    for outcome in in_even_order(successes, failures):
        outcomes = (outcomes + outcome)[-settings.window_calls :]
        if _is_too_bad(outcomes, settings):
            return _opened(state, settings, at_ms), Transition.OPENED
    return msgspec.structs.replace(state, outcomes=outcomes), None


def _is_too_bad(outcomes: str, settings: BreakerSettings) -> bool:
    if outcomes.endswith(FAILURE * settings.failures_in_a_row):
        return True
    share = 100 * outcomes.count(FAILURE)
    return (
        len(outcomes) >= settings.window_calls
        and share >= settings.failure_percent * settings.window_calls
    )


def _settle_trials(
    state: BreakerState,
    settings: BreakerSettings,
    successes: int,
    failures: int,
    unused: int,
    at_ms: int,
) -> tuple[BreakerState, Transition | None]:
    if failures:
        return _opened(state, settings, at_ms), Transition.OPENED
    succeeded = state.trials_succeeded + successes
    if succeeded >= settings.trial_calls:
        return BreakerState(period=state.period + 1, since_ms=at_ms), Transition.CLOSED
    started = max(state.trials_started - unused, succeeded)
    return (
        msgspec.structs.replace(state, trials_started=started, trials_succeeded=succeeded),
        None,
    )


def _opened(state: BreakerState, settings: BreakerSettings, at_ms: int) -> BreakerState:
    return BreakerState(
        status=Status.OPEN,
        period=state.period + 1,
        since_ms=at_ms,
        open_until_ms=at_ms + settings.open_ms,
    )
