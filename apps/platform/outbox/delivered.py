"""An event as a handler receives it."""

import uuid
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace

from apps.kernel.cause import Cause
from apps.kernel.events import Event

E = TypeVar("E", bound=Event, covariant=True)


class Delivered(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """One event on its way to one subscriber, with what is known of its origin.

    `handed_at` is the present for the handler, by the database's clock, which judges all timers.
    """

    event: E
    event_id: int
    occurred_at: datetime
    handed_at: datetime
    key: uuid.UUID
    origin: Cause

    @property
    def cause(self) -> Cause:
        """The cause of what a handler does because of this event: our own step, the same story."""
        return replace(self.origin, causation_id=str(self.event_id), actor="system")

    @property
    def cause_on_behalf(self) -> Cause:
        """The cause of what a handler does for whoever brought the event about, in their name."""
        return replace(self.origin, causation_id=str(self.event_id))
