"""A provider's gate, shared by workers through Valkey."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis

from apps.platform.resilience.breaker import Status, Transition
from apps.platform.resilience.gate import Gate
from tests.integration.resilience.conftest import ValkeyServer
from tests.integration.resilience.gate_workers import (
    PATIENT,
    QUICK,
    fail,
    finish,
    let_go,
    metric,
    most_at_once,
    now,
    start_worker,
)
from tests.waiting import wait_until


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
