"""Who and what led to a change."""

from uuid import UUID

import msgspec


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The reason a change happened, carried from the door through every event that follows.

    A Struct, as the other values that are made a dozen times for each order: made ten times as cheaply as
    a frozen dataclass.

    Attributes:
        correlation_id: the same for everything that one request or one scheduled run set off.
        causation_id: the event, request, message or task directly before this change; None at the start.
        actor: who wanted it, such as `customer:…`, `agent:…` or `system:…`; never a name or email.
        region: the region that took the decision.
        trace_context: a W3C `traceparent`, or empty when nobody is tracing.
    """

    correlation_id: UUID
    causation_id: str | None = None
    actor: str
    region: str
    trace_context: str = ""
