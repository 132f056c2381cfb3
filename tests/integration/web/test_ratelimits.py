"""Limits that several processes keep together, in a real Valkey."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import redis
from pytest_django import Settings

from apps.platform import valkey
from apps.platform.web.ratelimits import admit, forget_counts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    forget_counts()
    valkey.forget_absence()
    yield
    forget_counts()
    valkey.forget_absence()


@pytest.fixture
def caller() -> str:
    """A client nobody has counted yet."""
    return f"service:{uuid4()}"


def allowed(client: str, requests: int, now: datetime = NOW) -> int:
    verdicts = [admit(client=client, limit_name="default", now=now) for _ in range(requests)]
    return sum(verdict is not None and verdict.is_allowed for verdict in verdicts)


class TestTogether:
    def test_processes_share_a_limit(self, settings: Settings, caller: str) -> None:
        settings.OMS_RATE_LIMITS = {"default": (10, 60)}
        assert allowed(caller, 6) == 6
        forget_counts()
        assert allowed(caller, 6) == 4

    def test_a_process_that_ends_wastes_a_hundredth_at_most(
        self, settings: Settings, caller: str
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1000, 60)}
        assert allowed(caller, 1) == 1
        forget_counts()
        assert allowed(caller, 1000) == 995

    def test_the_next_window_begins_anew(self, settings: Settings, caller: str) -> None:
        settings.OMS_RATE_LIMITS = {"default": (10, 60)}
        assert allowed(caller, 11) == 10
        assert allowed(caller, 11, NOW + timedelta(seconds=60)) == 10

    def test_counts_are_forgotten_after_two_windows(self, settings: Settings, caller: str) -> None:
        settings.OMS_RATE_LIMITS = {"default": (10, 60)}
        allowed(caller, 3)
        [key] = valkey.client().keys(f"oms:limit:default:{caller}:*")
        assert valkey.client().get(key) == b"3"
        assert 110 < valkey.client().ttl(key) <= 120


class Clock:
    """A `time.monotonic` that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class TestBlackHole:
    @pytest.fixture
    def black_hole(
        self, settings: Settings, impatient_with_valkey: None
    ) -> Iterator[socket.socket]:
        """A server that accepts connections and never says a word."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
            yield server

    def test_costs_one_request_a_fifth_of_a_second(
        self, settings: Settings, black_hole: socket.socket
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (10, 60)}
        looks = 3
        # The shortest counts, so that a busy machine does not.
        assert 0.15 < min(self.seconds_for_twenty() for _ in range(looks)) < 0.6
        black_hole.setblocking(False)
        for _ in range(looks):
            black_hole.accept()
        with pytest.raises(BlockingIOError):
            black_hole.accept()

    def seconds_for_twenty(self) -> float:
        """Measure twenty requests of somebody new, with Valkey not known to be away."""
        valkey.forget_absence()
        began = time.perf_counter()
        assert allowed(f"service:{uuid4()}", 20) == 10
        return time.perf_counter() - began

    @pytest.mark.usefixtures("black_hole")
    def test_is_asked_again_after_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = Clock()
        monkeypatch.setattr(valkey, "time", clock)
        with pytest.raises(redis.TimeoutError):
            valkey.ask(lambda client: client.ping())
        with pytest.raises(valkey.ValkeyAway):
            valkey.ask(lambda client: client.ping())
        clock.now += valkey.AWAY_SECONDS
        with pytest.raises(redis.TimeoutError):
            valkey.ask(lambda client: client.ping())
