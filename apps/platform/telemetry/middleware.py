"""What is noted about every request: one line in the log, one observation in the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import structlog
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from apps.platform.telemetry import metrics
from apps.platform.telemetry.logs import bind_to_lines
from apps.platform.telemetry.request_ids import identity_of
from apps.platform.telemetry.tracing import begin_trace, end_trace

log = structlog.get_logger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ASKED_EVERY_FEW_SECONDS = ("/health/", "/metrics")
_SERVER_ERROR = 500


class RequestTelemetry:
    """Belongs first in `MIDDLEWARE`: it sees the final answer and the whole time it took.

    The line tells the route (`/api/v1/orders/<id>`), never the query. Every line that is logged
    meanwhile carries `request_id`, `trace_id` and, once it is known, `user_id`. Of an answer that
    is streamed the time until it began is measured.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand before the next middleware."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and note how it went."""
        began = time.perf_counter()
        identity = identity_of(request)
        structlog.contextvars.clear_contextvars()
        bind_to_lines(request_id=identity.request_id, user_id=partial(user_id_of, request))
        trace = begin_trace(identity.traceparent, identity.correlation_id.hex)
        try:
            response = self._get_response(request)
            _note(request, response, time.perf_counter() - began)
            response.headers.setdefault("X-Request-ID", identity.request_id)
            return response
        finally:
            end_trace(trace)
            structlog.contextvars.clear_contextvars()


def user_id_of(request: HttpRequest) -> str | None:
    """Name the user of a request, if it is known already; never asks the database for it."""
    key = getattr(_known_user(request), "pk", None)
    return None if key is None else str(key)


def _known_user(request: HttpRequest) -> object:
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):
        # Django's own place for the user of the session, filled when somebody first asked.
        return request.__dict__.get("_cached_user")
    return user


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    method = request.method if request.method in _METHODS else "OTHER"
    match = request.resolver_match
    route = f"/{match.route}" if match else "unmatched"
    status = response.status_code
    metrics.http_requests_total.labels(method, route, status).inc()
    metrics.http_request_seconds.labels(method, route).observe(seconds)
    if status < _SERVER_ERROR and route.startswith(_ASKED_EVERY_FEW_SECONDS):
        return
    write = log.error if status >= _SERVER_ERROR else log.info
    write(
        "request answered",
        method=method,
        route=route,
        path=request.path,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        client=getattr(_known_user(request), "client_id", None),
    )
