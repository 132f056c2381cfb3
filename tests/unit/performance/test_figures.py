"""The arithmetic of the benchmark: percentiles, rates, the backlog."""

import pytest

from tests.performance.figures import Backlog, Percentiles, per_minute, percentile, percentiles_ms
from tests.performance.measuring import confirmed_rate, is_flat


class TestPercentile:
    @pytest.mark.parametrize(
        ("percent", "expected"), [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0), (0, 1.0)]
    )
    def test_is_a_value_that_was_measured(self, percent: float, expected: float) -> None:
        values = [float(number) for number in range(100, 0, -1)]
        assert percentile(values, percent) == expected

    def test_of_one_value_is_that_value(self) -> None:
        assert percentile([7.0], 99) == 7.0

    def test_of_nothing_is_nothing(self) -> None:
        assert percentile([], 95) is None
        assert percentiles_ms([]) == Percentiles(p50=None, p95=None, p99=None)

    def test_counts_in_milliseconds(self) -> None:
        assert percentiles_ms([0.01, 0.02, 0.30004]) == Percentiles(p50=20.0, p95=300.0, p99=300.0)


class TestPerMinute:
    def test_counts_only_what_lies_between(self) -> None:
        assert per_minute([0.5, 1.0, 2.5, 3.5], start=1.0, end=3.0) == 60.0

    def test_of_a_burst_lasts_until_the_last_one(self) -> None:
        assert per_minute([10.5, 11.0, 12.0], start=10.0, end=10.0) == 90.0

    def test_of_nothing_is_zero(self) -> None:
        assert per_minute([], start=1.0, end=1.0) == 0.0


class TestConfirmedRate:
    def test_does_not_charge_the_wait_for_the_first_one_as_lack_of_speed(self) -> None:
        arrivals = [number / 10 for number in range(100)]
        confirmed = [instant + 2.0 for instant in arrivals]
        assert confirmed_rate(confirmed, start=0.0, end=10.0) == 600.0

    def test_shows_it_when_confirmations_fall_behind(self) -> None:
        confirmed = [2.0 + number / 5 for number in range(100)]
        assert confirmed_rate(confirmed, start=0.0, end=10.0) == pytest.approx(300, abs=6)


class TestBacklog:
    def test_is_what_was_accepted_and_not_confirmed(self) -> None:
        backlog = Backlog(accepted=[1.0, 2.0, 3.0], confirmed=[2.5, 4.0, 5.0])
        assert [backlog.at(instant) for instant in (0.5, 1.0, 2.2, 2.5, 3.0, 4.5, 5.0)] == [
            *(0, 1, 2, 1, 2, 1, 0)
        ]

    def test_is_never_negative(self) -> None:
        assert Backlog(accepted=[2.0], confirmed=[1.0]).at(1.5) == 0

    def test_mean_follows_a_backlog_that_grows(self) -> None:
        backlog = Backlog(accepted=[float(second) for second in range(100)], confirmed=[])
        assert backlog.mean(10.0, 30.0) == pytest.approx(20.5, abs=0.6)
        assert backlog.mean(80.0, 100.0) == pytest.approx(90.5, abs=0.6)

    def test_is_flat_while_it_grows_by_less_than_a_second_of_arrivals(self) -> None:
        assert is_flat(100.0, 199.0, 6_000)
        assert not is_flat(100.0, 201.0, 6_000)
