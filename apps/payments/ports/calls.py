"""A call to a provider, and how it may end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.kernel.money import Money
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind

UNPAID = {"paid": "no"}
"""What a customer who did not want to pay brings along in the query of `cancel_url`."""


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

    operation_id: OperationId
    payment_id: PaymentId
    order_id: OrderId
    kind: OperationKind
    amount: Money
    idempotency_key: str
    authorization: str
    method_type: str
    method_token: str
    return_url: str
    created_at: datetime
    customer_id: CustomerId | None = None
    reference: str = ""
    first_authorization: str = ""
    charge: str = ""
    told: tuple[Mapping[str, Any], ...] = ()

    @property
    def cancel_url(self) -> str:
        """Where a provider that tells the two apart sends a customer who does not want to pay."""
        return f"{self.return_url}?{urlencode(UNPAID)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The provider did what was asked; `reference` names it in its books.

    Of a charge, `charged` is how much was charged, where that is not what was asked for: somebody made it
    at the provider's own desk. Of an authorisation and of a renewal, `held_until` is when the provider
    lets it go, where it says so; of a renewal, `authorization` is what it is called from now on, where it
    has got another name. Of a void, `has_expired` says that the authorisation ran out by itself.
    """

    reference: str
    brand: str = ""
    last4: str = ""
    authorization: str = ""
    held_until: datetime | None = None
    has_expired: bool = False
    charged: Money | None = None


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
    """The provider said no, for good.

    `code` is the provider's, or the word that our gateways share for its reason; `detail` is fit for the
    customer. `provider_code` is what the provider itself said, to the letter and with nothing personal in
    it: for staff, and whoever asks the provider. Empty where it said nothing.
    """

    code: str
    detail: str
    reference: str = ""
    provider_code: str = ""


ALREADY_CAPTURED = "already_captured"
"""The code of a decline that every adapter gives for a void of what was charged."""

AUTHORIZATION_EXPIRED = "authorization_expired"
"""The code of a decline of a charge whose authorisation has run out, where the provider has no word of its own."""

TIME_OVER = "The payment was not charged before its authorisation ran out. Please order again."
"""What a customer is told of that."""

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


class Heard(Enum):
    """What an attempt says of whether the provider is there, whatever came of it.

    Nothing, where no request was sent, or a mistake of ours came in between.
    """

    ANSWER = "answer"
    SILENCE = "silence"
    NOTHING = "nothing"


class GatewayUnavailable(Exception):
    """Nothing happened; the same call with the same key may be made again."""


class LockedOut(GatewayUnavailable):
    """The provider does not take our key (any more): an outage until somebody has set it right."""


class OutcomeUnknown(Exception):
    """It may have happened; look it up before anything else."""


class Undecided(OutcomeUnknown):
    """The provider has answered, and its answer leaves open whether it happened."""


class NobodyAsked(OutcomeUnknown):
    """It may have happened, and nothing was sent to find out: time or the provider's news will tell."""


class GatewayMisused(Exception):
    """The provider refused the call as wrong: a fault of ours or of the set-up, not the customer's."""


class NotSent(GatewayMisused):
    """We refused the call ourselves, and sent nothing: an amount that cannot be written for the provider."""
