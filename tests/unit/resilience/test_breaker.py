"""The circuit breaker's arithmetic."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.platform.resilience.breaker import (
    BreakerSettings,
    BreakerState,
    Status,
    Transition,
    admit,
    in_even_order,
    settle,
)

SETTINGS = BreakerSettings()
CLOSED = BreakerState()
OPEN = BreakerState(status=Status.OPEN, period=1, since_ms=0, open_until_ms=10_000)


def after(outcomes: str, state: BreakerState = CLOSED, at_ms: int = 0) -> BreakerState:
    """Take in one call at a time: S for a success, F for a failure."""
    for outcome in outcomes:
        state, _ = settle(
            state, SETTINGS, successes=outcome == "S", failures=outcome == "F", at_ms=at_ms
        )
    return state


class TestClosedBreaker:
    def test_lets_everything_through(self) -> None:
        assert admit(CLOSED, SETTINGS, wanted=500, at_ms=0) == (CLOSED, 500)

    def test_opens_after_five_failures_in_a_row_however_young_it_is(self) -> None:
        assert after("FFFF").status is Status.CLOSED
        assert after("FFFFF", at_ms=7).status is Status.OPEN
        assert after("FFFFF", at_ms=7).open_until_ms == 10_007

    def test_counts_a_row_anew_after_a_success(self) -> None:
        assert after("FFFFSFFFF").status is Status.CLOSED

    def test_opens_when_half_of_a_full_window_failed(self) -> None:
        assert after("SFSFSFSFS").status is Status.CLOSED
        assert after("SFSFSFSFSF").status is Status.OPEN

    def test_judges_the_latest_ten_calls_only(self) -> None:
        assert after("FFFF" + "S" * 10 + "FFFF").status is Status.CLOSED

    def test_stays_closed_under_four_failures_in_ten(self) -> None:
        assert after("SSSFSFSFSF" * 20).status is Status.CLOSED

    def test_tells_of_the_change_once(self) -> None:
        state, change = settle(CLOSED, SETTINGS, successes=0, failures=7, at_ms=0)
        assert (state.status, change) == (Status.OPEN, Transition.OPENED)

        assert settle(state, SETTINGS, successes=0, failures=7, at_ms=0) == (state, None)

    def test_is_not_opened_by_a_few_failures_in_a_large_batch(self) -> None:
        state, _ = settle(CLOSED, SETTINGS, successes=25, failures=5, at_ms=0)
        assert state.status is Status.CLOSED

        state, _ = settle(CLOSED, SETTINGS, successes=15, failures=15, at_ms=0)
        assert state.status is Status.OPEN


class TestOpenBreaker:
    def test_lets_nothing_through_for_ten_seconds(self) -> None:
        assert admit(OPEN, SETTINGS, wanted=30, at_ms=9_999) == (OPEN, 0)

    def test_then_lets_three_trial_calls_through_and_no_more(self) -> None:
        state, granted = admit(OPEN, SETTINGS, wanted=2, at_ms=10_000)
        assert (state.status, granted) == (Status.HALF_OPEN, 2)
        state, granted = admit(state, SETTINGS, wanted=30, at_ms=10_001)
        assert granted == 1
        state, granted = admit(state, SETTINGS, wanted=30, at_ms=10_002)
        assert granted == 0

    def test_does_not_wake_up_when_nobody_wants_to_call(self) -> None:
        assert admit(OPEN, SETTINGS, wanted=0, at_ms=99_999) == (OPEN, 0)

    def test_ignores_answers_that_were_still_on_their_way(self) -> None:
        assert settle(OPEN, SETTINGS, successes=9, failures=9, period=0, at_ms=1) == (OPEN, None)


class TestHalfOpenBreaker:
    def half_open(self, wanted: int = 3) -> BreakerState:
        """Have trial calls under way since second 10."""
        return admit(OPEN, SETTINGS, wanted=wanted, at_ms=10_000)[0]

    def test_closes_with_an_empty_window_after_three_successes(self) -> None:
        state, change = settle(self.half_open(), SETTINGS, successes=2, failures=0, at_ms=10_100)
        assert (state.status, change) == (Status.HALF_OPEN, None)
        state, change = settle(state, SETTINGS, successes=1, failures=0, at_ms=10_200)
        assert change is Transition.CLOSED
        assert state == BreakerState(status=Status.CLOSED, period=3, since_ms=10_200)

    def test_opens_again_after_one_failure(self) -> None:
        state, change = settle(self.half_open(), SETTINGS, successes=2, failures=1, at_ms=10_100)
        assert (state.status, change) == (Status.OPEN, Transition.OPENED)
        assert state.open_until_ms == 20_100

    def test_hands_unused_trials_to_somebody_else(self) -> None:
        state, _ = settle(
            self.half_open(), SETTINGS, successes=0, failures=0, unused=2, at_ms=10_100
        )
        assert admit(state, SETTINGS, wanted=30, at_ms=10_100)[1] == 2

    def test_ignores_answers_from_before_the_outage(self) -> None:
        state = self.half_open()
        assert settle(state, SETTINGS, successes=0, failures=3, period=0, at_ms=10_100) == (
            state,
            None,
        )

    def test_tries_anew_when_trial_calls_never_report(self) -> None:
        state = self.half_open()
        assert admit(state, SETTINGS, wanted=30, at_ms=29_999)[1] == 0
        state, granted = admit(state, SETTINGS, wanted=30, at_ms=30_000)
        assert granted == 3
        late = settle(state, SETTINGS, successes=0, failures=3, period=2, at_ms=30_100)
        assert late == (state, None)


class TestInEvenOrder:
    @pytest.mark.parametrize(
        ("successes", "failures", "order"),
        [(0, 0, ""), (3, 0, "SSS"), (0, 2, "FF"), (3, 3, "SFSFSF"), (6, 2, "SSSFSSSF")],
    )
    def test_spreads_failures(self, successes: int, failures: int, order: str) -> None:
        assert in_even_order(successes, failures) == order

    @given(st.integers(0, 200), st.integers(0, 200))
    def test_keeps_the_numbers(self, successes: int, failures: int) -> None:
        order = in_even_order(successes, failures)
        assert (order.count("S"), order.count("F")) == (successes, failures)


class TestBreakerSettings:
    def test_refuses_numbers_that_could_never_open_it(self) -> None:
        with pytest.raises(ValueError, match="failures_in_a_row"):
            BreakerSettings(failures_in_a_row=11)
        with pytest.raises(ValueError, match="failure_percent"):
            BreakerSettings(failure_percent=0)
        with pytest.raises(ValueError, match="positive"):
            BreakerSettings(trial_calls=0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("settle"), st.integers(0, 6), st.integers(0, 6)),
        st.tuples(st.just("wait"), st.integers(0, 25_000), st.just(0)),
    ),
    max_size=60,
)


class TestAnySequenceOfSteps:
    @given(STEPS)
    def test_never_starts_more_trials_than_three_a_period(
        self, steps: list[tuple[str, int, int]]
    ) -> None:
        state, at_ms = CLOSED, 0
        trials: dict[int, int] = {}
        for step, first, second in steps:
            match step:
                case "wait":
                    at_ms += first
                case "admit":
                    state, granted = admit(state, SETTINGS, wanted=first, at_ms=at_ms)
                    if state.status is Status.HALF_OPEN:
                        trials[state.period] = trials.get(state.period, 0) + granted
                    if state.status is Status.OPEN:
                        assert granted == 0
                        assert first == 0 or at_ms < state.open_until_ms
                case _:
                    state, _ = settle(
                        state, SETTINGS, successes=first, failures=second, at_ms=at_ms
                    )
            assert all(started <= 3 for started in trials.values())
            assert len(state.outcomes) <= 10
            assert state.trials_succeeded <= max(state.trials_started, 2)

    @given(STEPS)
    @example([("settle", 0, 1), ("settle", 1, 4)])
    def test_always_finds_its_way_back(self, steps: list[tuple[str, int, int]]) -> None:
        """A window that fills while all goes well may be half full of old failures, and opens it once more."""
        state, at_ms = CLOSED, 0
        for step, first, second in steps:
            if step == "admit":
                state, _ = admit(state, SETTINGS, wanted=first, at_ms=at_ms)
            elif step == "settle":
                state, _ = settle(state, SETTINGS, successes=first, failures=second, at_ms=at_ms)
        for _ in range(3):
            at_ms += 30_000
            state, granted = admit(state, SETTINGS, wanted=3, at_ms=at_ms)
            state, _ = settle(state, SETTINGS, successes=granted, failures=0, at_ms=at_ms)
        assert state.status is Status.CLOSED

    @given(STEPS)
    def test_survives_being_written_down(self, steps: list[tuple[str, int, int]]) -> None:
        state = CLOSED
        for _, first, second in steps:
            state, _ = settle(state, SETTINGS, successes=first, failures=second, at_ms=first)
            state, _ = admit(state, SETTINGS, wanted=second, at_ms=first + second)
            assert BreakerState.from_json(state.to_json()) == state

    def test_refuses_to_read_something_else(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            BreakerState.from_json('{"status": "ajar"}')
