"""Send recorded spans to the collector, masked, whatever process they come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, cast
from urllib.parse import unquote

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes

from apps.platform.telemetry.masking import masked, masked_text

SEND_SECONDS = 2
_ADDRESSES: Final = frozenset({"http.url", "http.target", "url.full", "url.path"})


class EachProcessItsOwn(SpanProcessor):
    """Sends spans from a thread and a connection that belong to the process that ended the span.

    A forked worker would otherwise share its parent's connection to the collector, and have no
    thread to send with.
    """

    def __init__(self) -> None:
        """Connect nothing yet."""
        self._lock = Lock()
        self._process = 0
        self._sender: BatchSpanProcessor | None = None
        os.register_at_fork(after_in_child=self._forget_lock)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the span; a full queue drops it, nothing waits."""
        self._of_this_process().on_end(span)

    def shutdown(self) -> None:
        """Send the rest and stop."""
        if self._sender is not None and self._process == os.getpid():
            send_the_rest: Callable[[], None] = self._sender.shutdown
            send_the_rest()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send the rest now."""
        if self._sender is None or self._process != os.getpid():
            return True
        return self._sender.force_flush(timeout_millis)

    def _of_this_process(self) -> BatchSpanProcessor:
        sender = self._sender
        if sender is None or self._process != os.getpid():
            with self._lock:
                sender = self._sender
                if sender is None or self._process != os.getpid():
                    exporter = OTLPSpanExporter(timeout=SEND_SECONDS)
                    sender = self._sender = BatchSpanProcessor(MaskedExporter(exporter))
                    self._process = os.getpid()
        return sender

    def _forget_lock(self) -> None:
        self._lock = Lock()


class MaskedExporter(SpanExporter):
    """Hides what must not leave the process, in addresses, statements and texts of exceptions.

    Done here, away from the request, and for whatever any library may have noted on a span.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        """Pass on to this exporter."""
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send masked copies."""
        return self._exporter.export([_masked_span(span) for span in spans])

    def shutdown(self) -> None:
        """Stop sending."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send the rest now."""
        return self._exporter.force_flush(timeout_millis)


def _masked_span(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_masked_attributes(span.attributes),
        events=[
            Event(event.name, _masked_attributes(event.attributes), event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=_masked_status(span.status),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _masked_status(status: Status) -> Status:
    if status.description is None:
        return status
    return Status(status.status_code, masked_text(status.description))


def _masked_attributes(attributes: Attributes) -> Attributes:
    noted = {name: _without_query(name, value) for name, value in (attributes or {}).items()}
    return cast("Attributes", masked(noted))


def _without_query(name: str, value: object) -> object:
    """Cut the query off an address and decode the rest: masking knows plain text only.

    A query may hold anything that somebody typed into a field, and no log line has it either.
    """
    if name in _ADDRESSES and isinstance(value, str):
        return unquote(value.partition("?")[0])
    return value
