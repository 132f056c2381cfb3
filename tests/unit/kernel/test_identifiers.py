"""Identifiers that sort by time."""

import os
import threading
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.identifiers import OrderId, PaymentId, id_at, new_id, read_id, time_of

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
ONE_MILLISECOND = timedelta(milliseconds=1)

instants = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(9999, 12, 31, 23, 59, 59, 999_999),
    timezones=st.just(UTC),
)


def to_the_millisecond(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class TestNewId:
    @pytest.mark.parametrize("now", [None, NOON])
    def test_is_a_version_7_uuid_of_the_standard_library(self, now: datetime | None) -> None:
        identifier = new_id(now)

        assert type(identifier) is UUID
        assert identifier.version == 7
        assert identifier.variant == RFC_4122
        assert UUID(str(identifier)) == identifier

    def test_carries_the_present(self) -> None:
        before = to_the_millisecond(datetime.now(UTC))
        identifier = new_id()
        after = datetime.now(UTC)

        assert before <= time_of(identifier) <= after

    @pytest.mark.parametrize("now", [None, NOON])
    def test_sorts_in_the_order_of_making(self, now: datetime | None) -> None:
        made = [new_id(now) for _ in range(5000)]

        assert made == sorted(made)
        assert len(set(made)) == 5000

    @given(instants)
    def test_carries_the_time_it_is_given(self, now: datetime) -> None:
        assert time_of(new_id(now)) == to_the_millisecond(now)

    @given(instants, st.integers(min_value=1, max_value=5000))
    def test_sorts_by_its_time_to_the_microsecond(self, now: datetime, microseconds: int) -> None:
        earlier = now - timedelta(microseconds=min(microseconds, now.microsecond))

        assert (new_id(earlier) < new_id(now)) or earlier == now

    def test_takes_the_given_time_though_an_earlier_call_was_later(self) -> None:
        new_id(NOON + timedelta(days=1))

        assert time_of(new_id(NOON)) == to_the_millisecond(NOON)

    def test_is_never_the_same_when_an_instant_comes_back(self) -> None:
        first = new_id(NOON)
        new_id(NOON + ONE_MILLISECOND)

        assert new_id(NOON) != first

    def test_is_never_the_same_in_two_threads_of_one_instant(self) -> None:
        made: list[list[UUID]] = []

        def make() -> None:
            made.append([new_id(NOON) for _ in range(2000)])

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [run == sorted(run) for run in made] == [True] * 4
        assert len({identifier for run in made for identifier in run}) == 8000

    def test_keeps_its_order_though_another_thread_works_at_another_instant(self) -> None:
        for _ in range(20):
            first = new_id(NOON)
            other = threading.Thread(target=new_id, args=(NOON + ONE_MILLISECOND,))
            other.start()
            other.join()

            assert first < new_id(NOON)

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    @pytest.mark.parametrize("now", [None, NOON])
    def test_is_never_the_same_in_forked_processes(self, now: datetime | None) -> None:
        # Workers are forked from a parent that has already made identifiers.
        new_id(now)
        reading, writing = os.pipe()
        children = []
        for _ in range(8):
            child = os.fork()
            if child == 0:
                os.write(writing, new_id(now).bytes)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            made = pipe.read()

        assert len(made) == 8 * 16
        tails = {made[start + 8 : start + 16] for start in range(0, len(made), 16)}
        assert len(tails) == 8

    def test_refuses_an_instant_without_a_time_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            new_id(datetime(2026, 3, 1))

    def test_refuses_an_instant_before_1970(self) -> None:
        with pytest.raises(ValueError, match="before 1970"):
            new_id(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))


class TestTheTypes:
    def test_tell_things_apart(self) -> None:
        """The gate of types fails here once it does not: an ignore that nothing needs is an error."""
        order_id: OrderId = PaymentId(new_id())  # type: ignore[assignment]
        assert type(order_id) is UUID


class TestReadId:
    def test_reads_what_was_written(self) -> None:
        payment_id = PaymentId(new_id())
        assert read_id(PaymentId, str(payment_id)) == payment_id

    @pytest.mark.parametrize("text", ["", "ORD-1", "0198a000-0000-7000-8000-00000000000g"])
    def test_finds_none_in_anything_else(self, text: str) -> None:
        assert read_id(PaymentId, text) is None


class TestIdAt:
    def test_is_the_lowest_uuid_of_its_instant(self) -> None:
        assert id_at(datetime(1970, 1, 1, tzinfo=UTC)) == UUID(
            "00000000-0000-7000-8000-000000000000"
        )
        assert id_at(datetime(2026, 3, 1, tzinfo=UTC)) == UUID(
            "019ca6b1-dc00-7000-8000-000000000000"
        )

    def test_is_the_same_in_every_time_zone(self) -> None:
        elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))

        assert id_at(elsewhere) == id_at(NOON)

    @given(instants, instants)
    def test_separates_what_was_made_before_from_what_was_made_later(
        self, made_at: datetime, bound: datetime
    ) -> None:
        assert (new_id(made_at) >= id_at(bound)) == (made_at >= to_the_millisecond(bound))

    def test_bounds_what_is_made_by_the_system_clock(self) -> None:
        assert id_at(datetime.now(UTC)) <= new_id()
        assert new_id() < id_at(datetime.now(UTC) + timedelta(seconds=1))

    def test_refuses_an_instant_without_a_time_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            id_at(datetime(2026, 3, 1))


class TestTimeOf:
    def test_reads_the_example_of_the_standard(self) -> None:
        example = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")

        assert time_of(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)

    @given(instants)
    def test_gives_back_the_millisecond(self, instant: datetime) -> None:
        read = time_of(id_at(instant))

        assert read == to_the_millisecond(instant)
        assert read.tzinfo is UTC

    def test_refuses_an_identifier_that_carries_no_time(self) -> None:
        with pytest.raises(ValueError, match="not a UUIDv7"):
            time_of(uuid4())

    def test_refuses_a_time_no_calendar_has(self) -> None:
        with pytest.raises(ValueError, match="after the year 9999"):
            time_of(UUID("ffffffff-ffff-7000-8000-000000000000"))
