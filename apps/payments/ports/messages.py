"""What a provider tells of its own accord, by webhook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind


class MessageRefused(Exception):
    """A message does not come from the provider, is too old, cannot be read, or names what cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNews:
    """What a provider says of a dispute; `reason` is its own word, the amount in minor units.

    An amount that cannot be read is 0. Without a `currency`, as it was kept once, it is in that of the
    payment.

    With `is_reversal` the customer's bank took the charge back, and it is said of no dispute: there may
    be one all the same, of which other news tell. `happened_at` is when, where the provider says so.
    """

    reference: str
    state: DisputeState
    amount_minor: int
    reason: str
    currency: str = ""
    is_reversal: bool = False
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNews:
    """What a provider says of a refund that it has made; the amount is in minor units.

    `reference` names it in the provider's books; `operation_id` is the call of ours that it was made
    for, as the provider carries it along, and None where it carries none.
    """

    reference: str
    amount_minor: int
    currency: str
    operation_id: OperationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMessage:
    """A provider's message, verified. It only makes us look: `reference` names what has changed.

    `setback_of` is for news that something done did not last: a refund that came back, an
    authorisation that ran out; `call_reference` is what the provider calls that, where it says so.
    `facts` are kept for the adapter's own look-ups, where the provider has no books that can be read:
    plain JSON, without anything personal. `dispute` is taken at its word: nobody but the provider
    decides one. So is `refund`, where no call of ours asked for it: somebody has made it at the
    provider's own desk. `was_done` says whether the call that it names was carried out, where it says
    so: for those of which a person has said it before.
    """

    event_id: str
    kind: str
    reference: str
    payment_id: PaymentId | None
    setback_of: OperationKind | None = None
    call_reference: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    dispute: DisputeNews | None = None
    refund: RefundNews | None = None
    was_done: bool | None = None

    @property
    def is_setback(self) -> bool:
        """Whether it says that something done did not last."""
        return self.setback_of is not None
