"""A provider's gate, shared by workers through Valkey."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
import redis
from prometheus_client import REGISTRY

from apps.platform import valkey
from apps.platform.resilience.breaker import Status, Transition
from apps.platform.resilience.gate import Gate, Lease
from apps.platform.resilience.stores import GateSettings
from tests.integration.resilience.conftest import ValkeyServer
from tests.waiting import wait_until

QUICK = GateSettings(open_ms=200, trial_ms=400, lease_ms=300)
"""Gives up what a worker does not report before a person would notice."""
PATIENT = GateSettings(open_ms=200, trial_ms=300_000, lease_ms=300_000)
"""Gives up nothing for as long as a test takes, however slow the machine."""
PROJECT = Path(__file__).resolve().parents[3]


def now() -> datetime:
    """Read the clock, as the workers' doors do."""
    return datetime.now(UTC)


def fail(gate: Gate, calls: int = 5) -> Transition | None:
    """Make calls that all find the provider unavailable."""
    leases = gate.permits(calls, now())
    assert len(leases) == calls
    return gate.record([], leases, now())


def metric(name: str, gateway: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"gateway": gateway})


class TestSharedBreaker:
    def test_opened_by_one_worker_stops_the_others(self, server: ValkeyServer) -> None:
        one, other = Gate("stripe"), Gate("stripe")

        assert fail(one) is Transition.OPENED

        assert len(other.permits(30, now())) == 0
        state = other.state(now())
        assert (state.status, state.is_shared) == (Status.OPEN, True)
        assert state.since is not None
        assert abs(state.since - now()) < timedelta(seconds=5)
        assert metric("breaker_state", "stripe") == 2

    def test_of_one_provider_leaves_another_alone(self, server: ValkeyServer) -> None:
        fail(Gate("stripe"))

        assert len(Gate("sandbox").permits(7, now())) == 7

    def test_lets_three_trials_start_over_all_workers(self, server: ValkeyServer) -> None:
        workers = [Gate("stripe", PATIENT) for _ in range(8)]
        fail(workers[0])
        time.sleep(0.25)

        with ThreadPoolExecutor(8) as pool:
            granted = list(pool.map(lambda gate: len(gate.permits(10, now())), workers))

        assert sum(granted) == 3

    def test_tells_exactly_one_worker_that_the_provider_is_back(self, server: ValkeyServer) -> None:
        workers = [Gate("stripe", PATIENT) for _ in range(3)]
        fail(workers[0])
        time.sleep(0.25)
        trials = [gate.permits(1, now()) for gate in workers]
        assert [len(leases) for leases in trials] == [1, 1, 1]

        with ThreadPoolExecutor(3) as pool:
            changes = list(
                pool.map(lambda gate, leases: gate.record(leases, [], now()), workers, trials)
            )

        assert sorted(map(str, changes)) == ["None", "None", "closed"]
        assert len(workers[1].permits(30, now())) == 30
        assert metric("breaker_state", "stripe") == 0

    def test_ignores_answers_from_before_the_outage(self, server: ValkeyServer) -> None:
        slow, quick = Gate("stripe", PATIENT), Gate("stripe", PATIENT)
        old = slow.permits(2, now())
        fail(quick)
        time.sleep(0.25)
        trials = quick.permits(3, now())
        assert (len(old), len(trials)) == (2, 3)

        assert slow.record([], old, now()) is None
        assert quick.record(trials, [], now()) is Transition.CLOSED

    def test_tells_the_trials_from_slow_calls_of_the_same_worker(
        self, server: ValkeyServer
    ) -> None:
        gate = Gate("stripe", PATIENT)
        old = gate.permits(4, now())
        fail(gate)
        time.sleep(0.25)
        trials = gate.permits(3, now())

        assert gate.record([], old[:1], now()) is None
        assert gate.state(now()).slots_in_use == 6
        assert gate.record(trials[:1], old[1:], now()) is None
        assert gate.record(trials[1:], [], now()) is Transition.CLOSED
        assert gate.state(now()).slots_in_use == 0

    def test_finds_its_way_back_beside_calls_that_never_report(self, server: ValkeyServer) -> None:
        gate = Gate("stripe", PATIENT)
        assert len(gate.permits(4, now())) == 4
        fail(gate)
        time.sleep(0.25)

        trials = gate.permits(3, now())
        assert len(trials) == 3
        assert gate.record(trials, [], now()) is Transition.CLOSED

    def test_gives_up_on_trials_of_a_worker_that_was_killed(self, server: ValkeyServer) -> None:
        killed, other = Gate("stripe", QUICK), Gate("stripe", QUICK)
        fail(killed)
        time.sleep(0.25)
        began = time.monotonic()
        assert len(killed.permits(3, now())) == 3

        wait_until(lambda: len(other.permits(3, now())) == 3)
        assert time.monotonic() - began >= QUICK.trial_ms / 1000

    @pytest.mark.parametrize("text", ["not JSON", "7", "[]", '{"status": "ajar"}'])
    def test_is_not_confused_by_what_somebody_else_wrote(
        self, server: ValkeyServer, text: str
    ) -> None:
        with redis.Redis.from_url(server.url) as client:
            client.set("oms:gate:{stripe}:state", text)

        assert fail(Gate("stripe")) is Transition.OPENED


class TestSharedSlots:
    def test_are_thirty_over_all_workers(self, server: ValkeyServer) -> None:
        one, other = Gate("stripe"), Gate("stripe")

        leases = one.permits(25, now())
        assert len(leases) == 25
        assert len(other.permits(25, now())) == 5
        assert len(other.permits(25, now())) == 0
        one.record(leases[:10], [], now())
        assert len(other.permits(25, now())) == 10
        assert other.state(now()).slots_in_use == 30
        assert metric("gateway_calls_in_flight", "stripe") == 30

    def test_are_given_back_unused(self, server: ValkeyServer) -> None:
        one, other = Gate("stripe"), Gate("stripe")
        leases = one.permits(30, now())

        one.release(leases[:12], now())
        one.release([], now())

        assert len(other.permits(30, now())) == 12
        one.release(leases, now())
        assert len(other.permits(30, now())) == 18

    def test_of_a_killed_worker_come_free_with_their_lease(self, server: ValkeyServer) -> None:
        killed, other = Gate("stripe", QUICK), Gate("stripe", QUICK)
        began = time.monotonic()
        assert len(killed.permits(30, now())) == 30

        wait_until(lambda: len(other.permits(30, now())) == 30)
        assert time.monotonic() - began >= QUICK.lease_ms / 1000

    def test_go_by_the_servers_clock(self, server: ValkeyServer) -> None:
        one, an_hour_ahead = Gate("stripe"), Gate("stripe")
        one.permits(30, now())

        assert len(an_hour_ahead.permits(30, now() + timedelta(hours=1))) == 0

    def test_cost_two_round_trips_a_batch(self, server: ValkeyServer) -> None:
        gate = Gate("stripe")
        fail(gate, 1)
        before = server.commands("evalsha")

        gate.record(gate.permits(30, now()), [], now())

        assert server.commands("evalsha") == before + 2

    def test_are_never_exceeded_by_processes(self, server: ValkeyServer) -> None:
        workers = [start_worker(server.url, slots=4, seconds=1.5) for _ in range(3)]
        let_go(workers)

        calls = [call for worker in workers for call in finish(worker)["calls"]]

        assert len(calls) > 100
        assert most_at_once(calls) == 4


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


def start_worker(url: str, *, slots: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start a worker process on the server of a URL."""
    return subprocess.Popen(
        [
            *(sys.executable, str(Path(__file__).with_name("gate_worker.py"))),
            *("stripe", str(slots), str(seconds)),
        ],
        env={
            **os.environ,
            "REDIS_URL": url,
            "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def let_go(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """Have workers begin together, once all of them are ready."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"go\n")
        worker.stdin.flush()


class Report(TypedDict):
    """What a worker says in the end."""

    calls: list[tuple[float, float]]
    longest: float


def finish(worker: subprocess.Popen[bytes]) -> Report:
    """Wait for a worker's report."""
    output, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    report: Report = json.loads(output)
    return report


def most_at_once(calls: list[tuple[float, float]]) -> int:
    """Count how many calls were on their way at the same time, at most."""
    changes = sorted([(began, 1) for began, _ in calls] + [(ended, -1) for _, ended in calls])
    most = under_way = 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)
    return most
