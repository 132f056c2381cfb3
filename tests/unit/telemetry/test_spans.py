"""The spans that are made where traces are collected."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode, format_trace_id

from apps.platform.telemetry import tracing
from apps.platform.telemetry.span_sending import MaskedExporter
from apps.platform.telemetry.spans import Spans
from apps.platform.telemetry.tracing import (
    current_ids,
    current_trace_context,
    span_from,
    start_tracing,
    stop_tracing,
)

TRACE, OTHER = "1" * 32, "3" * 32
RECORDED = f"00-{TRACE}-2222222222222222-01"
UNRECORDED = f"00-{OTHER}-4444444444444444-00"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Trace into memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(MaskedExporter(exporter)))
    monkeypatch.setattr(tracing, "_spans", Spans(provider))
    yield exporter
    provider.shutdown()


def trace_of(link: Link) -> int:
    """Give the trace that a link leads to."""
    assert link.context is not None
    return link.context.trace_id


class TestSpanFrom:
    def test_goes_on_with_the_first_recorded_trace_and_links_the_others(
        self, sent: InMemorySpanExporter
    ) -> None:
        with span_from([UNRECORDED, RECORDED, RECORDED], "drain payments", {"batch.size": 3}):
            assert current_ids()[0] == TRACE

        (span,) = sent.get_finished_spans()
        assert (span.name, span.kind) == ("drain payments", SpanKind.CONSUMER)
        assert span.attributes == {"batch.size": 3}
        assert span.parent is not None
        assert span.parent.span_id == 0x2222222222222222
        assert [format_trace_id(trace_of(link)) for link in span.links] == [OTHER]

    def test_records_nothing_of_a_trace_nobody_records(self, sent: InMemorySpanExporter) -> None:
        with span_from(UNRECORDED, "drain payments"):
            assert current_trace_context().startswith(f"00-{OTHER}-")
            assert current_trace_context().endswith("-00")

        assert sent.get_finished_spans() == ()

    def test_begins_a_trace_where_there_is_none(self, sent: InMemorySpanExporter) -> None:
        with span_from([], "sweep"):
            inside = current_trace_context()

        (span,) = sent.get_finished_spans()
        assert span.parent is None
        context = span.get_span_context()
        assert context is not None
        assert inside[3:35] == format_trace_id(context.trace_id)
        assert current_trace_context() == ""

    def test_links_no_more_than_a_collector_takes(self, sent: InMemorySpanExporter) -> None:
        batch = [f"00-{number:032x}-2222222222222222-01" for number in range(1, 501)]

        with span_from(batch, "drain"):
            pass

        assert len(sent.get_finished_spans()[0].links) == 32

    def test_notes_the_kind_of_a_failure(self, sent: InMemorySpanExporter) -> None:
        with pytest.raises(LookupError), span_from(RECORDED, "drain"):
            raise LookupError("ann@shop.example")

        (span,) = sent.get_finished_spans()
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes == {"error.type": "LookupError"}
        assert list(span.events) == []


class TestMaskedExporter:
    def test_hides_what_libraries_noted(self, sent: InMemorySpanExporter) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(MaskedExporter(sent)))
        attributes = {
            "http.target": "/orders/4242%204242%204242%204242?token=abc",
            "http.url": "http://shop/orders?sku=4242+4242+4242+4242",
        }
        with (
            pytest.raises(LookupError),
            provider.get_tracer("library").start_as_current_span("GET", attributes=attributes),
        ):
            raise LookupError("nobody is ann@shop.example")
        provider.shutdown()

        (kept,) = sent.get_finished_spans()
        assert kept.attributes == {
            "http.target": "/orders/[card]",
            "http.url": "http://shop/orders",
        }
        assert kept.status.description == "LookupError: nobody is [email]"
        (event,) = kept.events
        assert event.attributes is not None
        assert event.attributes["exception.message"] == "nobody is [email]"
        assert "ann@shop.example" not in str(event.attributes["exception.stacktrace"])


class TestTracingThatRuns:
    def test_is_not_started_twice(self, sent: InMemorySpanExporter) -> None:
        running = tracing._spans

        assert start_tracing() is True
        assert tracing._spans is running

    def test_sends_what_is_left_when_it_stops(self, sent: InMemorySpanExporter) -> None:
        with span_from(RECORDED, "void"):
            pass
        stop_tracing()
        stop_tracing()

        assert len(sent.get_finished_spans()) == 1
