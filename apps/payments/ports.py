"""What payments needs from a provider."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from apps.kernel.money import Money
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """One operation as an adapter sees it.

    `authorization` is the provider's reference of the authorisation, empty for the first call;
    `first_authorization` its reference before any renewal, for what comes of one;
    `reference` what the provider has called this very operation so far, if anything; `charge` the
    reference of the capture that a refund takes from. `return_url` is where the provider sends a
    customer who had to approve the payment. `customer_id` is whose stored way to pay it is; None
    where that is not known. `told` are the facts of all messages that the provider
    has sent about the payment, oldest first, as the adapter read them; empty for a call that
    nothing has come of yet.
    """

    operation_id: UUID
    payment_id: UUID
    order_id: UUID
    kind: OperationKind
    amount: Money
    idempotency_key: str
    authorization: str
    method_type: str
    method_token: str
    return_url: str
    created_at: datetime
    customer_id: UUID | None = None
    reference: str = ""
    first_authorization: str = ""
    charge: str = ""
    told: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The provider did what was asked; `reference` names it in its books.

    Of a renewal, `authorization` is what the authorisation is called from now on, where it has got
    another name, and `held_until` when the provider lets it go, where it says so.
    """

    reference: str
    brand: str = ""
    last4: str = ""
    authorization: str = ""
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequired:
    """The customer must approve the payment at `redirect_url`."""

    reference: str
    redirect_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider will do it and tell us how it ended; until then nothing has changed.

    `reference` names the call in the provider's books.
    """

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The provider said no, for good. `code` is the provider's; `detail` is fit for the customer."""

    code: str
    detail: str
    reference: str = ""


ALREADY_CAPTURED = "already_captured"
"""The code of a decline that every adapter gives for a void of what was charged."""

NOT_OFFERED = "not_offered"
"""The code of a decline by a provider that has no such call; nothing was sent to it."""

Outcome = Done | ActionRequired | Accepted | Declined
"""What a provider may answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingHappened:
    """The provider did not do it; it is tried again."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """The provider may have done it; it is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """The provider has not done it, and by now it is not wanted any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider does not accept the call at all: a fault of ours."""

    code: str
    detail: str


Result = Outcome | NothingHappened | NotKnown | NotMade | Refused
"""How an attempt may end, answer or not."""


class GatewayUnavailable(Exception):
    """Nothing happened; the same call with the same key may be made again."""


class LockedOut(GatewayUnavailable):
    """The provider does not take our key (any more): an outage until somebody has set it right."""


class OutcomeUnknown(Exception):
    """It may have happened; look it up before anything else."""


class GatewayMisused(Exception):
    """The provider refused the call as wrong: a fault of ours or of the set-up, not the customer's."""


class BadSignature(Exception):
    """A message does not come from the provider, or is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNews:
    """What a provider says of a dispute; `reason` is its own word, the amount in minor units.

    Without a `currency`, as it was kept once, the amount is in that of the payment.
    """

    reference: str
    state: DisputeState
    amount_minor: int
    reason: str
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNews:
    """What a provider says of a refund that it has made; the amount is in minor units.

    `reference` names it in the provider's books; `operation_id` is the call of ours that it was made
    for, as the provider carries it along, and None where it carries none.
    """

    reference: str
    amount_minor: int
    currency: str
    operation_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMessage:
    """A provider's message, verified. It only makes us look: `reference` names what has changed.

    `is_setback` is for news that something done did not last: a refund that came back, an
    authorisation that ran out; `call_reference` is what the provider calls that, where it says so. `facts` are kept for the adapter's own look-ups, where the provider
    has no books that can be read: plain JSON, without anything personal. `dispute` is taken at its
    word: nobody but the provider decides one. So is `refund`, where no call of ours asked for it:
    somebody has made it at the provider's own desk. `was_done` says whether the call that it names was
    carried out, where it says so: for those of which a person has said it before.
    """

    event_id: str
    kind: str
    reference: str
    payment_id: UUID | None
    is_setback: bool = False
    call_reference: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    dispute: DisputeNews | None = None
    refund: RefundNews | None = None
    was_done: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """One line of what a provider settled.

    `line_id` names it for ever in the provider's reports. `reference` is what the provider calls the
    movement, as it called it when we asked for it; `payment_reference` its name for the payment, or
    for the charge that a refund or dispute is about; `payment_id` is ours, where the line carries
    it, and `operation_id` our call that asked for the movement, likewise. `gross` is what moved
    between customer and provider, never negative, in the currency of the payment; `fee` what the provider kept, in the currency in which it keeps it, negative where it
    gave a fee back.
    """

    line_id: str
    kind: SettlementKind
    reference: str
    payment_reference: str
    payment_id: UUID | None
    gross: Money
    fee: Money
    booked_at: datetime
    operation_id: UUID | None = None


class ReportUnreadable(Exception):
    """What is said to be a provider's report is none, or holds something that cannot be read exactly."""


class PaymentGateway(Protocol):
    """One payment provider.

    Adapters hold no state of ours and are called from many threads. Every call
    ends within 10 seconds. Making a call again with its key does nothing twice.

    Where it `has_books`, what they do not show was not done. Else that only means that nothing was told
    yet: a call whose answer was lost may have been made all the same.
    """

    has_books: ClassVar[bool]

    def perform(self, call: GatewayCall) -> Outcome:
        """Make the call: authorise, capture, void, refund or renew.

        A decline is an answer, not an error. A renewal has the whole amount held for longer.

        Raises:
            GatewayUnavailable: nothing happened.
            OutcomeUnknown: it may have happened.
            GatewayMisused: the provider does not accept the call at all.
        """

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Find out how a call ended; None when the provider has never seen it or it is undecided.

        After None the call is made again with its key. One that the provider is at is answered with
        `Accepted`, or raises `OutcomeUnknown` where not even that is known.

        Raises:
            GatewayUnavailable: the provider does not answer.
            OutcomeUnknown: the provider is still at it.
            GatewayMisused: the provider knows no such payment, or somebody else did something else
                with it.
        """

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify a webhook over its raw bytes and read the messages in it, one or more.

        Raises:
            BadSignature: it is not the provider's, or too old.
        """

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Say what to keep of the query with which a provider's page sent a customer back.

        It proves nothing, for anybody may have written it. It becomes one of the `told` of the next
        look-up; empty where the provider needs nothing of it.
        """

    def route(self, method_token: str) -> str:
        """Name the gate (breaker and bulkhead) that calls for this token go through."""

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Read what the provider settled from one instant to another, page by page, in any order.

        Lines of before and after may come along, and a line may come again. `told` are the facts of
        messages that concern no payment, for providers who announce their reports. What does not
        concern us, such as payouts, is left out. Pages are fetched as they are wanted, each within
        10 seconds.

        Raises:
            GatewayUnavailable: the provider does not answer, or has no report yet.
            GatewayMisused: the provider does not accept the request.
            ReportUnreadable: the answer holds what cannot be read exactly.
        """

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Read a report that was saved as a file, in the provider's own format.

        Raises:
            ReportUnreadable: it is none.
        """
