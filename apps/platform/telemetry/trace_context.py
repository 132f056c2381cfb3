"""W3C trace contexts: the `traceparent` that travels with requests and events.

Kept apart from the tracing library, so that log lines of one story share a trace id even where
nobody collects traces.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

import msgspec

Attributes = Mapping[str, str | int | float | bool]
"""What a span says of itself."""

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


class TraceContext(msgspec.Struct, frozen=True):
    """Where in which trace something happened."""

    trace_id: str
    span_id: str
    is_sampled: bool = False

    def __str__(self) -> str:
        """Write it as a `traceparent` header."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"

    def next_step(self) -> TraceContext:
        """Name a new span of the same trace."""
        return TraceContext(self.trace_id, secrets.token_hex(8), self.is_sampled)


def read_trace_context(text: str) -> TraceContext | None:
    """Read a `traceparent`; None when it is empty or malformed, as the standard asks."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    trace_id, span_id, flags = found.groups()
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1))


def new_trace_context(trace_id: str | None = None) -> TraceContext:
    """Begin a trace of which nobody has heard, under a given or a random id; not sampled."""
    return TraceContext(trace_id or secrets.token_hex(16), secrets.token_hex(8))
