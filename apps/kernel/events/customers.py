"""Facts published by customers. Their story is the customer's.

They carry the address for messages, since whoever writes to a customer cannot work without it.
Whoever erases a customer has to reach these payloads in the event log too.
"""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from apps.kernel.events.base import Event
from apps.kernel.identifiers import CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEvent(Event):
    """A fact about one customer."""

    aggregate_type: ClassVar[str] = "customer"
    customer_id: CustomerId

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.customer_id

    @property
    def key(self) -> uuid.UUID:
        return self.customer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRegistered(CustomerEvent):
    """A customer is known from now on."""

    name: str
    email: str
    phone: str
    locale: str
    region: str
    wants_email: bool
    wants_sms: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged(CustomerEvent):
    """A customer's profile changed; the fields are the whole profile after it."""

    name: str
    email: str
    phone: str
    locale: str
    region: str
    wants_email: bool
    wants_sms: bool
