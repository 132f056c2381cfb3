"""Who may read the metrics, and where their gauges come from."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.platform.telemetry import exposition, metrics
from apps.platform.telemetry.exposition import metrics_page, serve_metrics
from infra.local.ports import FIRST_WEB_PORT, Ports


def ask(address: str = "127.0.0.1", method: str = "get", **headers: str) -> HttpResponse:
    """Ask for the page from an address."""
    request = getattr(RequestFactory(), method)("/metrics", headers=headers, REMOTE_ADDR=address)
    return metrics_page(request)


@pytest.fixture(autouse=True)
def no_token(settings: Settings) -> None:
    settings.OMS_METRICS_TOKEN = ""


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(metrics, "_gauge_sources", {})
    monkeypatch.setattr(exposition, "GAUGE_SOURCE_SECONDS", 60.0)
    yield
    exposition._limited.cache_clear()


class TestMetricsPage:
    def test_shows_the_metrics_by_their_names(self) -> None:
        metrics.orders_created_total.inc()

        response = ask()

        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/plain; version=")
        page = response.content.decode()
        for name in ("orders_created_total", "order_creation_seconds_bucket", "dead_letters_total"):
            assert f"\n{name}" in page or f"# TYPE {name}" in page

    def test_is_for_this_machine_alone(self) -> None:
        assert ask("::1").status_code == 200
        assert ask("10.0.2.7").status_code == 403

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
    def test_is_not_for_somebody_behind_a_proxy(self, header: str) -> None:
        assert ask(**{header: "127.0.0.1"}).status_code == 403

    def test_is_for_whoever_has_the_token_where_there_is_one(self, settings: Settings) -> None:
        settings.OMS_METRICS_TOKEN = "long-and-secret"

        assert ask("10.0.2.7", Authorization="Bearer long-and-secret").status_code == 200
        assert ask("127.0.0.1", Authorization="Bearer short").status_code == 403
        assert ask("127.0.0.1").status_code == 403
        assert ask("127.0.0.1", Authorization="Bearer é").status_code == 403

    def test_changes_nothing(self) -> None:
        assert ask(method="post").status_code == 405


class TestServeMetrics:
    def test_shows_a_workers_metrics_on_a_port_of_their_own(self) -> None:
        ports = Ports()
        port = ports.claim_from(FIRST_WEB_PORT + 1000)
        stop = serve_metrics(port)

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            page = response.read().decode()
        stop()

        assert "# TYPE gateway_calls_total counter" in page
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        ports.release()


class TestGaugeSources:
    def failures(self, source: str) -> float:
        labels = {"source": source}
        return REGISTRY.get_sample_value("gauge_source_failures_total", labels) or 0.0

    def test_are_asked_whenever_the_page_is(self) -> None:
        asked: list[int] = []

        def count() -> None:
            asked.append(1)
            metrics.events_waiting.labels("tests").set(len(asked))

        metrics.register_gauge_source(count)
        metrics.register_gauge_source(count)

        assert 'events_waiting{subscriber="tests"} 1.0' in ask().content.decode()
        assert 'events_waiting{subscriber="tests"} 2.0' in ask().content.decode()

    def test_that_fail_or_hang_hold_nobody_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exposition, "GAUGE_SOURCE_SECONDS", 1.0)
        released = threading.Event()

        def fail() -> None:
            raise LookupError

        def hang() -> None:
            released.wait(120)

        def work() -> None:
            metrics.events_waiting.labels("tests").set(77)

        for source in (fail, hang, work):
            metrics.register_gauge_source(source)
        names = [f"{__name__}.{source.__qualname__}" for source in (fail, hang, work)]
        before = [self.failures(name) for name in names]
        began = time.monotonic()

        first = ask().content.decode()
        second = ask().content.decode()

        assert time.monotonic() - began < 60, "it did not wait for the one that hangs"
        assert 'events_waiting{subscriber="tests"} 77.0' in first
        assert 'events_waiting{subscriber="tests"} 77.0' in second
        after = [self.failures(name) for name in names]
        assert [late - early for late, early in zip(after, before, strict=True)] == [2, 2, 0]
        released.set()
