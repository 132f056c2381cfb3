"""A Valkey server of the tests' own, which they may kill."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from apps.platform import valkey
from infra.local.ports import FIRST_VALKEY_PORT, HOST, Ports
from infra.local.valkey import find_binary


class ValkeyServer:
    """A server that keeps nothing: killed and started again, it is empty."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"redis://{HOST}:{port}/0"
        self._command = [
            str(find_binary()),
            *("--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", ""),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.02)
        raise TimeoutError("Valkey did not start")

    def kill(self) -> None:
        """End it as a crash would. Killing it again changes nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def commands(self, name: str) -> int:
        """Count how often a command was run."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            statistics = client.info("commandstats")
            return int(statistics.get(f"cmdstat_{name}", {"calls": 0})["calls"])


def ask_at(settings: Settings, url: str) -> None:
    """Have this process use the Valkey of a URL from now on."""
    settings.REDIS_URL = url
    valkey.client.cache_clear()
    valkey.forget_absence()


@pytest.fixture
def server(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ValkeyServer]:
    """Run a Valkey that this process uses, and which is asked again soon after it was away."""
    monkeypatch.setattr(valkey, "AWAY_SECONDS", 0.2)
    ports = Ports()
    running = ValkeyServer(ports.claim_from(FIRST_VALKEY_PORT + 1000), tmp_path)
    running.start()
    ask_at(settings, running.url)
    yield running
    running.kill()
    ports.release()
    valkey.client().close()
    valkey.client.cache_clear()
    valkey.forget_absence()


@pytest.fixture
def black_hole(settings: Settings, impatient_with_valkey: None) -> Iterator[str]:
    """Offer a port that takes connections and never answers."""
    with socket.create_server((HOST, 0)) as listener:
        url = f"redis://{HOST}:{listener.getsockname()[1]}/0"
        ask_at(settings, url)
        yield url
    valkey.client().close()
    valkey.client.cache_clear()
    valkey.forget_absence()
