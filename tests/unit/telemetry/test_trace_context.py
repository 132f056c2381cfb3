"""The trace id that travels along even where nobody collects traces."""

import pytest

from apps.platform.telemetry.trace_context import (
    TraceContext,
    new_trace_context,
    read_trace_context,
)
from apps.platform.telemetry.tracing import (
    begin_trace,
    current_ids,
    current_trace_context,
    end_trace,
    span_from,
    start_tracing,
    stop_tracing,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORDED = f"00-{TRACE}-{SPAN}-01"
UNRECORDED = "00-11111111111111111111111111111111-2222222222222222-00"


class TestReadTraceContext:
    def test_reads_what_it_writes(self) -> None:
        context = read_trace_context(RECORDED)

        assert context == TraceContext(TRACE, SPAN, is_sampled=True)
        assert str(context) == RECORDED

    def test_understands_later_versions(self) -> None:
        assert read_trace_context(f"01-{TRACE}-{SPAN}-00-more") == TraceContext(TRACE, SPAN)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "nonsense",
            f"ff-{TRACE}-{SPAN}-01",
            f"00-{'0' * 32}-{SPAN}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE.upper()}-{SPAN}-01",
            f"00-{TRACE}-{SPAN}-01\n",
        ],
    )
    def test_passes_over_what_is_malformed(self, text: str) -> None:
        assert read_trace_context(text) is None

    def test_names_a_new_trace_each_time(self) -> None:
        assert new_trace_context().trace_id != new_trace_context().trace_id
        assert read_trace_context(str(new_trace_context())) is not None


class TestWithoutACollector:
    def test_starts_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)

        assert start_tracing() is False
        stop_tracing()

    def test_knows_no_trace_outside_a_request(self) -> None:
        assert current_trace_context() == ""
        assert current_ids() == (None, None)

    def test_goes_on_with_the_callers_trace(self) -> None:
        token = begin_trace(RECORDED)
        try:
            here = read_trace_context(current_trace_context())
            assert here is not None
            assert (here.trace_id, here.is_sampled) == (TRACE, True)
            assert here.span_id != SPAN
        finally:
            end_trace(token)
        assert current_trace_context() == ""

    def test_names_a_new_trace_as_told(self) -> None:
        token = begin_trace("nonsense", trace_id="a" * 32)
        assert current_ids()[0] == "a" * 32
        end_trace(token)

    def test_goes_on_in_a_worker_with_the_first_recorded_trace_of_a_batch(self) -> None:
        with span_from(["", "nonsense", UNRECORDED, RECORDED], "drain payments"):
            assert current_ids()[0] == TRACE
        assert current_ids() == (None, None)

    def test_goes_on_with_a_single_trace(self) -> None:
        with span_from(UNRECORDED, "drain payments", {"size": 1}):
            assert current_ids()[0] == "1" * 32

    def test_begins_a_trace_for_a_batch_without_any(self) -> None:
        with span_from([], "sweep"):
            assert current_ids()[0] is not None

    def test_forgets_the_trace_after_a_failure(self) -> None:
        with pytest.raises(ValueError, match="no"), span_from([RECORDED], "drain"):
            raise ValueError("no")
        assert current_trace_context() == ""
