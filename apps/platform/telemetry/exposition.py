"""Show the metrics of all processes to whoever collects them."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from functools import cache

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from apps.platform.telemetry import metrics
from apps.platform.telemetry.time_limit import TimeLimited

GAUGE_SOURCE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer `GET /metrics` in Prometheus's text form, for our own collector only.

    With `OMS_METRICS_TOKEN` set it wants that as a bearer token, from everybody; otherwise it
    answers this machine alone, and nobody whose request was forwarded. Gauges that come from the
    database or Valkey are refreshed first; a source that fails or takes over a second is passed over.
    """
    if not _is_ours(request):
        return HttpResponse("Not for you.\n", status=403, content_type="text/plain")
    refresh_gauges()
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def serve_metrics(port: int) -> Callable[[], None]:
    """Show the metrics on a port of their own, for processes that serve no requests (workers).

    It answers everybody who can reach the port, and refreshes no gauges: the web processes
    do that for all. Runs in a daemon thread; call what is returned to stop it.

    Raises:
        OSError: the port is taken.
    """
    server, thread = start_http_server(port, registry=_registry())

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def refresh_gauges() -> None:
    """Ask every registered source to set its gauges, each within a second."""
    for name, source in metrics.list_gauge_sources().items():
        try:
            _limited(source).ask()
        except Exception as error:
            # A page without one gauge is worth more than no page, whatever the source ran into.
            metrics.gauge_source_failures_total.labels(name).inc()
            log.warning("gauge source failed", source=name, error=type(error).__qualname__)


@cache
def _limited(source: metrics.GaugeSource) -> TimeLimited[None]:
    return TimeLimited(source, seconds=GAUGE_SOURCE_SECONDS)


def _registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    collect_into: Callable[[CollectorRegistry], object] = MultiProcessCollector
    collect_into(registry)
    return registry


def _is_ours(request: HttpRequest) -> bool:
    token: str = settings.OMS_METRICS_TOKEN
    if token:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    is_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not is_forwarded and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
