"""The lines in the journal of the simulated PayPal's books."""

from msgspec import Struct

from infra.simulators.paypal.objects import Event, Kept, Order


class ChangeLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """An order in its new state, the events of that, and the key that brought it about.

    All in one line: a kill in between would have the key do its work twice.
    """

    order: Order
    events: tuple[Event, ...] = ()
    kept: Kept | None = None


class DeliveredLine(Struct, frozen=True, kw_only=True, tag="delivered"):
    """The receiver of webhooks has taken an event."""

    event_id: str


Line = ChangeLine | DeliveredLine
