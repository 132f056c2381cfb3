"""How much room a gate has, for whoever only wants to know."""

from datetime import UTC, datetime, timedelta

from apps.platform.resilience.gate import Gate
from apps.platform.resilience.stores import MemoryStore

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def fail(gate: Gate, now: datetime) -> None:
    """Make five calls that all find the provider unavailable."""
    gate.record([], gate.permits(5, now), now)


class TestRoom:
    def test_is_there_for_everybody_while_all_is_well(self) -> None:
        assert Gate("x", store=MemoryStore()).could_start(500, NOW) == 500

    def test_is_gone_while_the_breaker_is_open(self) -> None:
        gate = Gate("x", store=MemoryStore())
        fail(gate, NOW)
        assert gate.could_start(500, NOW) == 0
        assert gate.could_start(500, NOW + 9 * SECOND) == 0

    def test_is_there_for_trial_calls_once_it_has_been_open_for_long_enough(self) -> None:
        gate = Gate("x", store=MemoryStore())
        fail(gate, NOW)
        later = NOW + 10 * SECOND
        assert gate.could_start(500, later) == 3
        assert gate.could_start(500, later) == 3
        leases = gate.permits(30, later)
        assert len(leases) == 3
        assert gate.could_start(500, later) == 0
        gate.record(leases, [], later)
        assert gate.could_start(500, later) == 500

    def test_is_seen_by_another_process_within_a_second(self) -> None:
        store = MemoryStore()
        one, other = Gate("x", store=store), Gate("x", store=store)
        assert other.could_start(1, NOW) == 1
        fail(one, NOW)
        assert other.could_start(1, NOW + SECOND) == 1
        assert other.could_start(1, NOW + 1.1 * SECOND) == 0

    def test_takes_no_slot(self) -> None:
        gate = Gate("x", store=MemoryStore())
        gate.could_start(30, NOW)
        assert gate.state(NOW).slots_in_use == 0
