"""What Stripe keeps books of. Each is frozen: a change makes a new one, so a stored answer stays."""

from msgspec import Struct


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt to pay failed."""

    type: str
    code: str
    message: str
    decline_code: str | None = None


class Charge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt to take money from a card, in Stripe's units."""

    id: str
    created: int
    payment_method: str
    captured: bool = False
    amount_captured: int = 0
    amount_refunded: int = 0
    disputed: bool = False
    failure: Failure | None = None


class Intent(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="intent"):
    """A payment intent, in Stripe's units, with its newest charge."""

    id: str
    created: int
    amount: int
    currency: str
    capture_method: str
    status: str
    payment_method: str | None = None
    automatic_payment_methods: bool = False
    allow_redirects: str = "always"
    return_url: str | None = None
    description: str | None = None
    receipt_email: str | None = None
    metadata: dict[str, str] = {}
    charge: Charge | None = None
    failure: Failure | None = None
    amount_received: int = 0
    canceled_at: int | None = None
    cancellation_reason: str | None = None

    @property
    def amount_capturable(self) -> int:
        """What a capture may take."""
        return self.amount if self.status == "requires_capture" else 0

    @property
    def amount_refunded(self) -> int:
        """What has gone back of what was captured."""
        is_captured = self.charge is not None and self.charge.captured
        return self.charge.amount_refunded if self.charge is not None and is_captured else 0


class Refund(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="refund"):
    """Money on its way back, in Stripe's units."""

    id: str
    created: int
    amount: int
    currency: str
    payment_intent: str
    charge: str
    status: str = "succeeded"
    reason: str | None = None
    metadata: dict[str, str] = {}
    failure_reason: str | None = None


class Dispute(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="dispute"):
    """A charge that the card holder's bank takes back, in Stripe's units; `decided` is when it did, or 0."""

    id: str
    created: int
    amount: int
    currency: str
    payment_intent: str
    charge: str
    payment_method: str
    reason: str
    status: str
    decided: int = 0


Subject = Intent | Refund | Dispute


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; `subject` is how things stood right after it."""

    id: str
    type: str
    created: int
    subject: Subject
    request_id: str | None = None
    key: str | None = None


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a request is answered with: an object, or an error, which may show an object."""

    status: int = 200
    subject: Subject | None = None
    failure: Failure | None = None
    error: dict[str, object] | None = None
    expand: tuple[str, ...] = ()


class Kept(Struct, frozen=True, kw_only=True):
    """The first answer to an idempotency key; `fingerprint` is of the request it answers."""

    key: str
    fingerprint: str
    created: int
    answer: Answer
