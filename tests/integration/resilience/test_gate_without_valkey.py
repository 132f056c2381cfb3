"""A provider's gate while Valkey is away, and once it is back."""

import time
from collections.abc import Callable
from datetime import timedelta

from apps.platform import valkey
from apps.platform.resilience.breaker import Status, Transition
from apps.platform.resilience.gate import Gate, Lease
from tests.integration.resilience.conftest import ValkeyServer
from tests.integration.resilience.gate_workers import (
    PATIENT,
    QUICK,
    fail,
    finish,
    let_go,
    metric,
    now,
    start_worker,
)


class TestWithoutValkey:
    def test_every_worker_goes_on_from_what_it_last_saw(self, server: ValkeyServer) -> None:
        one, other = Gate("stripe"), Gate("stripe")
        fail(one)
        assert len(other.permits(1, now())) == 0

        server.kill()

        assert len(other.permits(1, now())) == 0
        assert other.state(now()).status is Status.OPEN
        assert other.state(now()).is_shared is False
        assert metric("gate_is_shared", "stripe") == 0

    def test_a_worker_still_guards_the_provider_alone(self, server: ValkeyServer) -> None:
        gate, at = Gate("stripe", QUICK), now()
        server.kill()

        leases = gate.permits(99, at)
        assert len(leases) == 30
        assert gate.record(leases[5:], leases[:5], at) is None
        failed = gate.permits(5, at)
        assert len(failed) == 5
        assert gate.record([], failed, at) is Transition.OPENED
        assert len(gate.permits(1, at)) == 0
        trials = gate.permits(9, at + timedelta(seconds=1))
        assert len(trials) == 3
        assert gate.record(trials, [], at + timedelta(seconds=1)) is Transition.CLOSED

    def test_no_call_takes_longer_than_half_a_second(self, black_hole: str) -> None:
        gate = Gate("stripe")
        for ask in (self.permit, self.report, self.look):
            assert min(self.seconds(ask, gate) for _ in range(3)) < 0.5

    def seconds(self, ask: Callable[[Gate], None], gate: Gate) -> float:
        """Measure how long a call takes that finds out for itself that Valkey is away."""
        valkey.forget_absence()
        began = time.monotonic()
        ask(gate)
        return time.monotonic() - began

    def permit(self, gate: Gate) -> None:
        assert len(gate.permits(3, now())) == 3

    def report(self, gate: Gate) -> None:
        leases = [Lease(f"a lease of a while ago.{i}", 0) for i in range(3)]
        assert gate.record(leases, [], now()) is None

    def look(self, gate: Gate) -> None:
        assert gate.state(now()).is_shared is False

    def test_is_over_when_valkey_is_back(self, server: ValkeyServer) -> None:
        one, other = Gate("stripe"), Gate("stripe")
        server.kill()
        assert len(one.permits(30, now())) == 30

        server.start()
        time.sleep(0.25)

        assert len(other.permits(30, now())) == 30
        assert len(one.permits(30, now())) == 0
        assert one.state(now()).is_shared is True
        assert metric("gate_is_shared", "stripe") == 1

    def test_carries_an_outage_over_so_that_its_end_is_noticed(self, server: ValkeyServer) -> None:
        alone, other = Gate("stripe", PATIENT), Gate("stripe", PATIENT)
        server.kill()
        fail(alone)

        server.start()
        time.sleep(0.25)

        trials = alone.permits(30, now())
        assert len(trials) == 3
        assert len(other.permits(30, now())) == 0
        assert alone.record(trials, [], now()) is Transition.CLOSED
        assert len(other.permits(30, now())) == 30

    def test_stops_no_worker_that_is_under_way(self, server: ValkeyServer) -> None:
        workers = [start_worker(server.url, slots=4, seconds=3) for _ in range(2)]
        let_go(workers)
        time.sleep(0.5)
        server.kill()
        killed_at = time.monotonic()

        for report in [finish(worker) for worker in workers]:
            after = [began for began, _ in report["calls"] if began > killed_at + 0.5]
            assert len(after) > 50
            # How long Valkey itself is waited for is measured on a black hole; here a busy machine
            # may hold up a process for a moment. A client that tried again would take ten seconds.
            assert report["longest"] < 2
