"""What notifications needs from a channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from apps.notifications.domain.identifiers import MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message ready to go out; `attempt` tells its repetitions apart."""

    message_id: MessageId
    attempt: int
    to_address: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has it; `provider_id` is what the provider knows it by."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider will never take it; `is_address_at_fault` says whether the address is why."""

    detail: str
    is_address_at_fault: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Nothing went out; it may be tried again."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknown:
    """It may have gone out, or not."""

    detail: str


Outcome = Accepted | Refused | NotSent | OutcomeUnknown


class MessageChannel(Protocol):
    """A way to reach customers.

    Adapters hold no state of ours, use no database and are called from many threads.
    """

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over, in their order and over one connection; say how each ended.

        Raises nothing: a provider that cannot be reached leaves every letter `NotSent`, a connection
        that breaks leaves the letter under way `OutcomeUnknown` and those behind it `NotSent`.
        """
