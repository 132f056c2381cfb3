"""Spans of requests, also of those whose path is written in other letters than Latin ones."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware


class TracedRequests(_DjangoMiddleware):
    """The library's middleware, which reads the path as servers write it.

    Django puts a decoded path in its place, over which the library stumbles: the caller would get a 500.
    """

    def process_request(self, request: HttpRequest) -> Any:
        """Open the span."""
        decoded: str = request.META.get("PATH_INFO", "")
        request.META["PATH_INFO"] = decoded.encode("utf-8", "replace").decode("latin-1")
        try:
            return super().process_request(request)  # type: ignore[no-untyped-call]
        finally:
            request.META["PATH_INFO"] = decoded


class RequestInstrumentor(DjangoInstrumentor):
    """Puts our middleware where the library would put its own."""

    _opentelemetry_middleware = f"{__name__}.{TracedRequests.__qualname__}"
