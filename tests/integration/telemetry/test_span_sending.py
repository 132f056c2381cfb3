"""Spans on their way to the collector."""

import os

import pytest
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from apps.platform.telemetry.span_sending import EachProcessItsOwn
from tests.integration.telemetry.collector import Collector


def tracing_to(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> tuple[TracerProvider, EachProcessItsOwn]:
    """Give a provider that sends to a collector."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: "oms-test"}), shutdown_on_exit=False
    )
    sending = EachProcessItsOwn()
    provider.add_span_processor(sending)
    return provider, sending


class TestEachProcessItsOwn:
    def test_sends_on_demand_and_in_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Collector() as collector:
            provider, _ = tracing_to(collector, monkeypatch)
            tracer = provider.get_tracer("tests")
            tracer.start_span("first").end()
            assert provider.force_flush(2000)
            assert [span.name for span in collector.spans] == ["first"]
            tracer.start_span("second").end()
            provider.shutdown()

        assert [span.name for span in collector.spans] == ["first", "second"]

    def test_has_nothing_to_do_before_the_first_span(self) -> None:
        sending = EachProcessItsOwn()

        assert sending.force_flush(10) is True
        sending.shutdown()

    def test_takes_a_new_connection_in_another_process(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Collector() as collector:
            provider, sending = tracing_to(collector, monkeypatch)
            provider.get_tracer("tests").start_span("parent").end()
            first = sending._sender
            monkeypatch.setattr(os, "getpid", lambda: 0)

            assert provider.force_flush(2000) is True
            assert collector.spans == []
            provider.get_tracer("tests").start_span("child").end()
            assert sending._sender is not first
            provider.force_flush(2000)
            provider.shutdown()

        assert "child" in [span.name for span in collector.spans]
