"""Under which trace a request is found again: the one that is going on, else what its caller sent."""

from django.http import HttpRequest

from apps.platform.telemetry.request_ids import identity_of
from apps.platform.telemetry.tracing import current_ids, current_trace_context


def trace_context_of(request: HttpRequest) -> str:
    """Give the `traceparent` of the present span, else the caller's, else an empty text."""
    return current_trace_context() or identity_of(request).traceparent


def trace_id_of(request: HttpRequest) -> str:
    """Give 32 hex digits to search logs and traces for; without a trace, the correlation id."""
    trace_id, _ = current_ids()
    return trace_id or identity_of(request).correlation_id.hex
