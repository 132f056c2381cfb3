"""What PayPal keeps books of. Each is frozen: a change makes a new one."""

from typing import Any

from msgspec import Struct

SELLERS = "RESOLVED_SELLER_FAVOUR"
"""How PayPal says that it has decided a dispute for the shop."""
CHARGEBACK = "CHARGEBACK"
"""Why a capture went back that the payer's bank has taken, and no dispute."""


class Authorization(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that is held; the amount is that of the order."""

    id: str
    status: str
    created: int
    updated: int
    expires: int


class Capture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that was taken; `minor` counts the smallest units that PayPal knows."""

    id: str
    status: str
    minor: int
    created: int
    updated: int
    invoice_id: str = ""
    is_final: bool = False
    reason: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether no money was taken."""
        return self.status in ("DECLINED", "FAILED")


class Refund(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money on its way back; what had arrived and came back to the shop was `undone` then."""

    id: str
    capture_id: str
    status: str
    minor: int
    created: int
    updated: int
    invoice_id: str = ""
    custom_id: str = ""
    undone: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether the money will not arrive."""
        return self.status in ("FAILED", "CANCELLED")


class Dispute(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A charge that the payer disputes; without an outcome it is open.

    `is_of_reversal` where the payer's bank had taken the money back before: then it takes none.
    """

    id: str
    capture_id: str
    minor: int
    created: int
    updated: int
    reason: str
    outcome_code: str = ""
    is_of_reversal: bool = False

    @property
    def is_against_us(self) -> bool:
        """Whether the payer has the money, for now or for good."""
        return self.outcome_code != SELLERS


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order with all that came of it; `wallet` names the payer's, and so what it does.

    `earlier` are the authorisations that a renewal has taken the place of.
    """

    id: str
    status: str
    created: int
    updated: int
    currency: str
    minor: int
    reference_id: str = "default"
    custom_id: str = ""
    invoice_id: str = ""
    wallet: str = ""
    is_saved_wallet: bool = False
    return_url: str = ""
    cancel_url: str = ""
    authorization: Authorization | None = None
    earlier: tuple[Authorization, ...] = ()
    captures: tuple[Capture, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def captured(self) -> int:
        """What was taken, or is being taken."""
        return sum(one.minor for one in self.captures if not one.has_failed)

    @property
    def refunded(self) -> int:
        """What went back, or is going back."""
        return sum(one.minor for one in self.refunds if not one.has_failed)

    def authorization_named(self, name: str) -> Authorization | None:
        """Find an authorisation, whether it was renewed or not; without a name, the present one."""
        if not name or self.authorization is None:
            return self.authorization
        both = (self.authorization, *self.earlier)
        return next((one for one in both if one.id == name), None)

    def is_reversed(self, capture: Capture) -> bool:
        """Whether the payer's bank has a charge; a dispute of that which we win brings it back."""
        disputes = (one for one in self.disputes if one.capture_id == capture.id)
        is_won = any(one.is_of_reversal and not one.is_against_us for one in disputes)
        return capture.reason == CHARGEBACK and not is_won

    def refunded_of(self, capture_id: str) -> int:
        """Say what went back of one capture."""
        return sum(
            one.minor for one in self.refunds if one.capture_id == capture_id and not one.has_failed
        )


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; `resource` is how the thing stood right after it."""

    id: str
    type: str
    resource_type: str
    created: int
    resource: dict[str, Any]


class Shown(Struct, frozen=True, kw_only=True):
    """What an answer shows: an order, authorization, capture or refund, by its name."""

    kind: str
    name: str


class Change(Struct, frozen=True, kw_only=True):
    """The new state of an order, the types of the events of that, and what they and the answer show."""

    order: Order
    events: tuple[str, ...]
    shown: Shown


class Kept(Struct, frozen=True, kw_only=True):
    """The first request with a key; a repeat is answered with what it made, as that is by then."""

    key: str
    created: int
    shown: Shown
