"""Where the time comes from, for the doors that have to ask."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time. Doors ask it once and hand `now` down."""

    def now(self) -> datetime:
        """Give the present instant, in UTC and aware of it."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Give the present instant, in UTC and aware of it."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is moved, for rehearsals and tests."""

    def __init__(self, at: datetime) -> None:
        """Stop at an instant of any time zone.

        Raises:
            ValueError: `at` has no time zone.
        """
        self._at = _in_utc(at)

    def now(self) -> datetime:
        """Give the instant at which it stands, in UTC; asking again gives the same one."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move on by a span, or back by a negative one, and give the new instant."""
        self._at += by
        return self._at

    def move_to(self, at: datetime) -> None:
        """Stand at another instant.

        Raises:
            ValueError: `at` has no time zone.
        """
        self._at = _in_utc(at)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)
