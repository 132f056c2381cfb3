"""The tracing library's part: only imported where traces are collected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from apps.platform.telemetry.span_sending import EachProcessItsOwn
from apps.platform.telemetry.trace_context import Attributes, TraceContext
from apps.platform.telemetry.traced_requests import RequestInstrumentor

_UNTRACED_PATHS = "health/,metrics$"
_INSTRUMENTORS: tuple[Callable[[], Any], ...] = (
    PsycopgInstrumentor,
    URLLib3Instrumentor,
    CeleryInstrumentor,
)
_MOST_LINKS = 32


class Spans:
    """Makes spans, and has Django, psycopg, urllib3 and Celery make theirs."""

    def __init__(self, provider: TracerProvider) -> None:
        """Make spans with this provider, and instrument nothing."""
        self._provider = provider
        self._tracer = provider.get_tracer("oms")

    @classmethod
    def to_collector(cls) -> Spans:
        """Send spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, by OTLP over HTTP.

        Raises:
            ValueError: `OTEL_TRACES_SAMPLER_ARG` is no number from 0 to 1.
        """
        share = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG") or 1)
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({SERVICE_NAME: settings.OMS_SERVICE}),
        )
        provider.add_span_processor(EachProcessItsOwn())
        trace.set_tracer_provider(provider)
        _instrument_requests(provider)
        for instrumentor in _INSTRUMENTORS:
            instrumentor().instrument(tracer_provider=provider)
        return cls(provider)

    def current(self) -> TraceContext | None:
        """Tell where the present span stands."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return TraceContext(
            trace.format_trace_id(context.trace_id),
            trace.format_span_id(context.span_id),
            context.trace_flags.sampled,
        )

    @contextmanager
    def continued(
        self, parents: Sequence[TraceContext], name: str, attributes: Attributes | None
    ) -> Iterator[None]:
        """Open a span under the first parent, linked to the others."""
        under = None
        if parents:
            under = trace.set_span_in_context(NonRecordingSpan(_remote(parents[0])), Context())
        with (
            self._tracer.start_as_current_span(
                name,
                context=under,
                kind=SpanKind.CONSUMER,
                attributes=attributes,
                links=[trace.Link(_remote(other)) for other in parents[1 : 1 + _MOST_LINKS]],
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _failures_on(span),
        ):
            yield

    def flush(self, *, seconds: float) -> None:
        """Send what waits to be sent."""
        self._provider.force_flush(int(seconds * 1000))


def _instrument_requests(provider: TracerProvider) -> None:
    """Have requests make spans; those to the API too, whose handler has middleware of its own."""
    before = list(settings.MIDDLEWARE)
    RequestInstrumentor().instrument(tracer_provider=provider, excluded_urls=_UNTRACED_PATHS)
    added = [one for one in settings.MIDDLEWARE if one not in before]
    settings.OMS_API_MIDDLEWARE = [*added, *settings.OMS_API_MIDDLEWARE]


@contextmanager
def _failures_on(span: trace.Span) -> Iterator[None]:
    try:
        yield
    except Exception as failure:
        # The type alone: messages of exceptions may hold what must not leave the process.
        span.set_attribute("error.type", type(failure).__qualname__)
        span.set_status(StatusCode.ERROR)
        raise


def _remote(context: TraceContext) -> SpanContext:
    return SpanContext(
        trace_id=int(context.trace_id, 16),
        span_id=int(context.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if context.is_sampled else TraceFlags.DEFAULT),
    )
