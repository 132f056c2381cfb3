"""Spans of requests: under the caller's where it may be gone on with, whatever letters the path is written in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware

from apps.platform.telemetry.request_ids import identity_of


class TracedRequests(_DjangoMiddleware):
    """The library's middleware, which reads the path as servers write it, and of the caller's trace what we read.

    Django puts a decoded path in its place, over which the library stumbles: the caller would get a 500. The library
    reads the headers itself; what callers add to a trace (`tracestate`, `baggage`) is any text, and would be sent to the
    collector and on to the providers.
    """

    def process_request(self, request: HttpRequest) -> Any:
        """Open the span."""
        request.META["HTTP_TRACEPARENT"] = identity_of(request).traceparent
        for added in ("HTTP_TRACESTATE", "HTTP_BAGGAGE"):
            request.META.pop(added, None)
        decoded: str = request.META.get("PATH_INFO", "")
        request.META["PATH_INFO"] = decoded.encode("utf-8", "replace").decode("latin-1")
        try:
            return super().process_request(request)  # type: ignore[no-untyped-call]
        finally:
            request.META["PATH_INFO"] = decoded


class RequestInstrumentor(DjangoInstrumentor):
    """Puts our middleware where the library would put its own."""

    _opentelemetry_middleware = f"{__name__}.{TracedRequests.__qualname__}"
