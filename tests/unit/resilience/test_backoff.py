"""Waiting before another try."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.resilience.backoff import delay_seconds


class TestDelaySeconds:
    def test_doubles_from_one_second_to_a_minute(self) -> None:
        waits = [delay_seconds(attempt) for attempt in range(1, 9)]

        assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]

    def test_takes_other_numbers(self) -> None:
        waits = [delay_seconds(attempt, base=0.3, factor=3.0, cap=5.0) for attempt in (1, 2, 3, 4)]

        assert waits == pytest.approx([0.3, 0.9, 2.7, 5.0])

    def test_draws_evenly_between_nothing_and_the_wait(self) -> None:
        assert delay_seconds(4, jitter=lambda: 0.0) == 0.0
        assert delay_seconds(4, jitter=lambda: 0.25) == 2.0
        assert delay_seconds(90, jitter=lambda: 0.5) == 30.0

    def test_stays_at_the_cap_where_the_power_is_too_large_for_a_float(self) -> None:
        assert delay_seconds(5000) == 60.0

    @given(attempt=st.integers(1, 10_000), seed=st.integers(0, 2**32))
    def test_never_waits_longer_with_jitter_than_without(self, attempt: int, seed: int) -> None:
        drawn = delay_seconds(attempt, jitter=random.Random(seed).random)

        assert 0.0 <= drawn <= delay_seconds(attempt) <= 60.0

    @pytest.mark.parametrize(
        ("attempt", "base", "factor", "cap"),
        [(0, 1.0, 2.0, 60.0), (1, -1.0, 2.0, 60.0), (1, 1.0, 0.5, 60.0), (1, 1.0, 2.0, -60.0)],
    )
    def test_refuses_numbers_that_make_no_sense(
        self, attempt: int, base: float, factor: float, cap: float
    ) -> None:
        with pytest.raises(ValueError, match="no delay"):
            delay_seconds(attempt, base=base, factor=factor, cap=cap)
