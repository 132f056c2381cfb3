"""Facts published by payments. Their story is the order's. Amounts are in minor units."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from apps.kernel.events.base import Event
from apps.kernel.identifiers import OrderId, PaymentId

_DOCUMENT_NAMESPACE = uuid.UUID("b1d5f6f4-3c0b-5f0e-8a35-6c9d4a1e7b52")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent(Event):
    """A fact about the payment of one order."""

    aggregate_type: ClassVar[str] = "payment"
    payment_id: PaymentId
    order_id: OrderId

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.payment_id

    @property
    def key(self) -> uuid.UUID:
        return self.order_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired(PaymentEvent):
    """The customer must approve the payment at `redirect_url` before `expires_at`."""

    version: ClassVar[int] = 2
    redirect_url: str
    expires_at: datetime
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUnderReview(PaymentEvent):
    """The provider has taken the authorisation and says later how it ended; the customer has nothing to do."""

    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAuthorized(PaymentEvent):
    """The provider reserved the amount on the customer's account."""

    amount_minor: int
    currency: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured(PaymentEvent):
    """The amount was charged."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptureFailed(PaymentEvent):
    """The amount cannot be charged after all; what was reserved may still be.

    `detail` is a plain sentence for the customer. `refunded_minor` is how much of it had gone back
    already, when the charge still counted: so much is missing to the shop, and a person has to look.
    """

    version: ClassVar[int] = 2
    amount_minor: int
    currency: str
    code: str
    detail: str
    refunded_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(PaymentEvent):
    """There will be no payment; nothing is reserved or charged.

    `code` is ours (`declined`, `action_expired`, `wait_expired`, `cancelled`, …); `detail` is a plain sentence for the customer.
    `provider` is empty where it never began.
    """

    version: ClassVar[int] = 2
    code: str
    detail: str
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoided(PaymentEvent):
    """The authorisation was dropped, or `has_expired`; nothing was charged."""

    version: ClassVar[int] = 2
    has_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoidFailed(PaymentEvent):
    """The provider refused to drop the authorisation; it is tried again, and a person has to look."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded(PaymentEvent):
    """Money went back; `refunded_minor` is the sum of all refunds so far.

    `wanted_minor` is all that is to go back of an order that goes on, with what went back at the
    provider's own desk without being asked for. `lost_minor` is what disputes left with the customer,
    which goes back no second time. `is_unwanted` where all goes back, since the order was called off or
    somebody let its payment go.
    """

    version: ClassVar[int] = 3
    amount_minor: int
    refunded_minor: int
    currency: str
    wanted_minor: int = 0
    lost_minor: int = 0
    is_unwanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDocumented(PaymentEvent):
    """Money that went back has its `credit_note`; or the refund did not last, and a `receipt` cancels it.

    `cancels` is the number of the document that this one takes back, else empty. A document is told
    of once and never changes, so that each is an aggregate of its own.
    """

    aggregate_type: ClassVar[str] = "payment_document"
    kind: str
    number: str
    amount_minor: int
    currency: str
    cancels: str
    issued_at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return uuid.uuid5(_DOCUMENT_NAMESPACE, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefundFailed(PaymentEvent):
    """The money did not go back; it is tried again, and a person has to look.

    `refunded_minor` is the sum of the refunds that stand.
    """

    version: ClassVar[int] = 2
    amount_minor: int
    currency: str
    code: str
    refunded_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDisputed(PaymentEvent):
    """The customer's bank took a charge back, or is about to; the provider decides who is right.

    `reference` names the dispute in the provider's books, `reason` is the provider's word for it.

    Where a bank took a charge back and the provider tells of no dispute, the reference is that of the
    reversal. A dispute that follows supersedes it, as far as its amount goes: it has an event of its own,
    of its own reference, unless the reversal was called lost, and none closes the reversal's. So amounts
    of open disputes must not be added up by their references; what is lost in all is in `lost_minor`.
    """

    reference: str
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDisputeClosed(PaymentEvent):
    """A dispute is decided: the money is ours again where `is_won`, and the customer's otherwise.

    `refunded_minor` is the sum of all refunds so far, `lost_minor` that of all that disputes left with
    the customer, in the currency of the payment. `is_unwanted` as of a refund.
    """

    version: ClassVar[int] = 3
    reference: str
    amount_minor: int
    currency: str
    is_won: bool
    refunded_minor: int = 0
    lost_minor: int = 0
    is_unwanted: bool = False
