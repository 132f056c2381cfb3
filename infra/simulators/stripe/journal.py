"""The lines in the journal of the simulated Stripe's books."""

from msgspec import Struct

from infra.simulators.stripe.objects import Failure, Subject


class ChangeLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """An intent, refund or dispute in its new state, and the events of that, by their names."""

    subject: Subject
    created: int
    events: dict[str, str]
    request_id: str | None = None
    key: str | None = None


class AnsweredLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="answered"):
    """A key and its first answer; the object in it is the one of the line before, by its name."""

    key: str
    fingerprint: str
    created: int
    status: int
    subject_id: str | None = None
    failure: Failure | None = None
    error: dict[str, object] | None = None
    expand: tuple[str, ...] = ()


class DeliveredLine(Struct, frozen=True, kw_only=True, tag="delivered"):
    """The receiver of webhooks has taken an event."""

    event_id: str


Line = ChangeLine | AnsweredLine | DeliveredLine
