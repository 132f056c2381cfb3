"""The time as doors ask for it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.kernel.clock import Clock, FrozenClock, SystemClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class TestSystemClock:
    def test_gives_the_present_in_utc(self) -> None:
        clock: Clock = SystemClock()

        before = datetime.now(UTC)
        now = clock.now()
        after = datetime.now(UTC)

        assert before <= now <= after
        assert now.tzinfo is UTC


class TestFrozenClock:
    def test_stands_still(self) -> None:
        clock: Clock = FrozenClock(NOON)

        assert [clock.now(), clock.now()] == [NOON, NOON]

    def test_moves_when_told(self) -> None:
        clock = FrozenClock(NOON)

        assert clock.advance(timedelta(minutes=5)) == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
        assert clock.now() == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
        clock.advance(timedelta(minutes=-10))
        assert clock.now() == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
        clock.move_to(NOON)
        assert clock.now() == NOON

    def test_speaks_utc_whatever_it_is_set_by(self) -> None:
        clock = FrozenClock(datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2))))

        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC

    def test_refuses_an_instant_without_a_time_zone(self) -> None:
        clock = FrozenClock(NOON)

        with pytest.raises(ValueError, match="time zone"):
            FrozenClock(NOON.replace(tzinfo=None))
        with pytest.raises(ValueError, match="time zone"):
            clock.move_to(NOON.replace(tzinfo=None))
        assert clock.now() == NOON
