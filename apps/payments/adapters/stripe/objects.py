"""The part of Stripe's objects that we go by; what else they carry is passed over."""

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Card(Struct, frozen=True):
    """What is printed on a card, as far as anybody may know it, and until when the charge can be captured.

    `capture_before` is in seconds of Stripe's clock; only what waits for its capture has it.
    """

    brand: str | None = None
    last4: str | None = None
    capture_before: int | None = None


class MethodDetails(Struct, frozen=True):
    """The way to pay that a charge used."""

    type: str = ""
    card: Card | None = None


class Charge(Struct, frozen=True):
    """One attempt to take money."""

    id: str
    payment_method_details: MethodDetails | None = None


class Redirect(Struct, frozen=True):
    """A page that the customer has to visit."""

    url: str | None = None


class NextAction(Struct, frozen=True):
    """What an intent waits for."""

    type: str
    redirect_to_url: Redirect | None = None


class PaymentError(Struct, frozen=True):
    """Why an attempt failed."""

    code: str | None = None
    decline_code: str | None = None


class Intent(Struct, frozen=True):
    """A payment intent; amounts are in Stripe's units, `created` in seconds of Stripe's clock."""

    id: str
    status: str
    created: int
    amount_received: int = 0
    metadata: dict[str, str] = {}
    latest_charge: Charge | str | None = None
    next_action: NextAction | None = None
    last_payment_error: PaymentError | None = None
    cancellation_reason: str | None = None

    @property
    def has_expired(self) -> bool:
        """Whether Stripe itself let it go because its time was over."""
        return self.status == "canceled" and self.cancellation_reason in ("automatic", "expired")

    @property
    def was_tried(self) -> bool:
        """Whether it says anything; one that an internal error left behind does not."""
        return (
            self.status not in ("requires_payment_method", "requires_confirmation")
            or self.last_payment_error is not None
        )


class Refund(Struct, frozen=True):
    """Money on its way back: pending, requires_action, succeeded, failed or canceled; in Stripe's units."""

    id: str
    amount: int
    status: str | None = None
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None

    @property
    def is_made(self) -> bool:
        """Whether Stripe has sent the money; the customer's bank may still send it back."""
        return self.status == "succeeded"

    @property
    def has_failed(self) -> bool:
        """Whether the money will not arrive."""
        return self.status in ("failed", "canceled")

    @property
    def operation_id(self) -> str:
        """The operation of ours that it was made for; empty if somebody else made it."""
        return (self.metadata or {}).get("operation_id", "")


class Page(Struct, Generic[T], frozen=True):
    """A part of a list, the newest first."""

    data: list[T]
    has_more: bool = False
