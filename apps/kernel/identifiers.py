"""Identifiers that sort by the time they were made (UUIDv7), each of its own type.

The types are for mypy, which so refuses one thing's identifier where another's is wanted; when it runs,
each is a plain UUID. Here are those that published facts carry, in `domain/identifiers.py` of a
context those that it keeps to itself.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import local
from typing import NewType, TypeVar
from uuid import UUID

from uuid_utils import uuid4
from uuid_utils.compat import uuid7

OrderId = NewType("OrderId", UUID)
CustomerId = NewType("CustomerId", UUID)
ReservationId = NewType("ReservationId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)

Id = TypeVar("Id", bound=UUID)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
_TAIL_BITS = 62
_TAIL_MASK = (1 << _TAIL_BITS) - 1


class _LastTail(local):
    """The last instant and tail of this thread; per thread, so that no lock is needed."""

    microseconds: int = -1
    tail: int = 0


_last = _LastTail()


def new_id(now: datetime | None = None) -> UUID:
    """Make an identifier nobody has, as a UUIDv7 of the standard library's type.

    Without `now` it takes the system's time, and each identifier sorts after the one before it in
    this process. With `now` it carries exactly that time, to the microsecond; identifiers made by
    one thread for one instant sort in the order they were made. Never the same twice.

    Raises:
        ValueError: `now` has no time zone or lies before 1970.
    """
    if now is None:
        return uuid7()
    microseconds = _microseconds_since_epoch(now)
    entropy = uuid4().int & _TAIL_MASK
    if microseconds == _last.microseconds:
        tail = (_last.tail + 1 + (entropy >> 30)) & _TAIL_MASK
    else:
        # Starting in the lower half leaves room for hundreds of millions of successors.
        tail = entropy >> 1
    _last.microseconds, _last.tail = microseconds, tail
    milliseconds, remainder = divmod(microseconds, 1000)
    # RFC 9562, method 3: the 12 bits after the version hold the fraction of the millisecond.
    fraction = (remainder << 12) // 1000
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | (fraction << 64) | tail)


def read_id(kind: Callable[[UUID], Id], text: str) -> Id | None:
    """Read an identifier of this kind as somebody wrote it; None where it is none."""
    try:
        return kind(UUID(text))
    except ValueError:
        return None


def id_at(instant: datetime) -> UUID:
    """Give the lowest identifier of an instant: the bound of a partition or of a search by time.

    Every identifier made in or after the millisecond of `instant` is greater than or equal to it,
    every one made before is lower. The same instant always gives the same bound.

    Raises:
        ValueError: `instant` has no time zone or lies before 1970.
    """
    milliseconds = _microseconds_since_epoch(instant) // 1000
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT)


def time_of(identifier: UUID) -> datetime:
    """Read the UTC time an identifier was made, to the millisecond.

    Raises:
        ValueError: it is not a UUIDv7, or its time lies after the year 9999.
    """
    if identifier.version != 7:
        raise ValueError(f"{identifier} is not a UUIDv7 and carries no time")
    try:
        return _EPOCH + (identifier.int >> 80) * _MILLISECOND
    except OverflowError as too_late:
        raise ValueError(f"{identifier} carries a time after the year 9999") from too_late


def _microseconds_since_epoch(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    microseconds = (instant - _EPOCH) // _MICROSECOND
    if microseconds < 0:
        raise ValueError(f"{instant.isoformat()} lies before 1970")
    return microseconds
