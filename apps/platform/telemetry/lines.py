"""Say in log lines what is being worked on, where work on one thing begins."""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from apps.platform.telemetry.tracing import begin_trace, end_trace


@contextmanager
def lines_about(trace_context: str, **fields: str | int) -> Iterator[None]:
    """Have whatever is logged meanwhile carry these fields, and the trace id of the thing's story.

    Without a `traceparent` the lines have a trace of their own. Within another, the inner names count.
    It costs a little whether a line is written or not: for what is done alone, not for every order.
    """
    trace = begin_trace(trace_context)
    try:
        with bound_contextvars(**fields):
            yield
    finally:
        end_trace(trace)
