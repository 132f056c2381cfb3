"""Follow one story through requests, events and calls to providers.

With `OTEL_EXPORTER_OTLP_ENDPOINT` set and `start_tracing()` called, spans go to a collector.
Without it no tracing library is loaded; a trace id still travels along, so that the log lines of
one order can be found together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from itertools import islice
from typing import TYPE_CHECKING

from apps.platform.telemetry.trace_context import (
    Attributes,
    TraceContext,
    new_trace_context,
    read_trace_context,
)

if TYPE_CHECKING:
    from apps.platform.telemetry.spans import Spans

_ambient: ContextVar[TraceContext | None] = ContextVar("trace_context", default=None)
_spans: Spans | None = None


def start_tracing() -> bool:
    """Begin to record spans, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set; tells whether they are.

    Every process does so once its apps are ready; calling it again changes nothing.
    `OTEL_TRACES_SAMPLER_ARG` is the share of traces that are kept, 1 when unset; a trace that
    somebody before us decided on stays as decided. It may be called before a fork: each process
    sends its own spans, and should call `stop_tracing` in the end.

    Raises:
        ValueError: `OTEL_TRACES_SAMPLER_ARG` is no number from 0 to 1.
    """
    global _spans
    if _spans is None and os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from apps.platform.telemetry.spans import Spans

        _spans = Spans.to_collector()
    return _spans is not None


def stop_tracing() -> None:
    """Send what has not been sent, for at most two seconds; to be called when a process ends.

    Without tracing, and when called again, nothing happens.
    """
    if _spans is not None:
        _spans.flush(seconds=2)


def current_trace_context() -> str:
    """Give the W3C `traceparent` of what is going on, or nothing when nobody began a trace."""
    return str(_current() or "")


def current_ids() -> tuple[str | None, str | None]:
    """Give the trace id and span id for a log line or an error answer."""
    context = _current()
    return (context.trace_id, context.span_id) if context else (None, None)


def begin_trace(incoming: str = "", trace_id: str | None = None) -> Token[TraceContext | None]:
    """Begin the trace of a request, going on from an incoming `traceparent` where it is one.

    Otherwise it is a new one, named `trace_id` (32 hex digits) if given. Give the result to
    `end_trace` when the request is over.
    """
    context = read_trace_context(incoming)
    return _ambient.set(context.next_step() if context else new_trace_context(trace_id))


def end_trace(token: Token[TraceContext | None]) -> None:
    """End what `begin_trace` began."""
    _ambient.reset(token)


@contextmanager
def span_from(
    trace_contexts: str | Iterable[str], name: str, attributes: Attributes | None = None
) -> Iterator[None]:
    """Go on, in a worker, with the trace of what is being worked on.

    For a batch give the contexts of all its events: of the first 33 one that is being recorded
    becomes the parent (else the first), the others are linked. Empty and malformed ones are passed
    over; with none left the span begins a trace of its own.
    """
    given = [trace_contexts] if isinstance(trace_contexts, str) else trace_contexts
    parents = [
        one for one in map(read_trace_context, islice(dict.fromkeys(given), 33)) if one is not None
    ]
    # As a mere link of an unrecorded trace a recorded one would end here.
    parents.sort(key=lambda parent: not parent.is_sampled)
    if _spans is not None:
        with _spans.continued(parents, name, attributes):
            yield
        return
    token = _ambient.set(parents[0].next_step() if parents else new_trace_context())
    try:
        yield
    finally:
        _ambient.reset(token)


def _current() -> TraceContext | None:
    recorded = _spans.current() if _spans is not None else None
    return recorded or _ambient.get()
