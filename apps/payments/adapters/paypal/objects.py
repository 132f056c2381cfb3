"""The part of PayPal's objects that we go by; what else they carry, names and addresses, is passed over."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from msgspec import Struct

PAYER_LINKS = ("payer-action", "approve")


class Link(Struct, frozen=True):
    """Where something can be done or read."""

    rel: str
    href: str


class Amount(Struct, frozen=True):
    """An amount as PayPal writes it."""

    currency_code: str
    value: str

    def equals(self, value: str, currency: str) -> bool:
        """Whether it is this amount, however many noughts each is written with."""
        try:
            return self.currency_code == currency and Decimal(self.value) == Decimal(value)
        except InvalidOperation:
            return False


class RelatedIds(Struct, frozen=True):
    """The names of what an object belongs to."""

    order_id: str = ""
    authorization_id: str = ""
    capture_id: str = ""


class Supplement(Struct, frozen=True):
    """What PayPal adds to an object."""

    related_ids: RelatedIds = RelatedIds()


class Authorization(Struct, frozen=True):
    """Money that is held for us: CREATED, CAPTURED, PARTIALLY_CAPTURED, DENIED, VOIDED or PENDING."""

    id: str
    status: str = ""
    expiration_time: datetime | None = None
    update_time: datetime | None = None
    supplementary_data: Supplement = Supplement()

    @property
    def has_expired(self) -> bool:
        """Whether it ran out: PayPal has no state for that, and voids it once its time is over."""
        return (
            self.status == "VOIDED"
            and self.expiration_time is not None
            and self.update_time is not None
            and self.expiration_time <= self.update_time
        )


class Capture(Struct, frozen=True):
    """Money that was taken: COMPLETED, PENDING, DECLINED, FAILED, REFUNDED or PARTIALLY_REFUNDED."""

    id: str
    status: str = ""
    amount: Amount | None = None
    supplementary_data: Supplement = Supplement()

    @property
    def has_failed(self) -> bool:
        """Whether no money will come of it."""
        return self.status in ("DECLINED", "FAILED")


class Refund(Struct, frozen=True):
    """Money on its way back: COMPLETED, PENDING, FAILED or CANCELLED."""

    id: str
    status: str = ""
    amount: Amount | None = None
    invoice_id: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the money will not arrive."""
        return self.status in ("FAILED", "CANCELLED")


class Payments(Struct, frozen=True):
    """What came of an order so far."""

    authorizations: list[Authorization] = []
    captures: list[Capture] = []
    refunds: list[Refund] = []


class Unit(Struct, frozen=True):
    """What is bought by an order; ours have one unit each."""

    payments: Payments = Payments()


class Order(Struct, frozen=True):
    """An order at PayPal: what the payer is asked to approve, and all that came of it."""

    id: str
    status: str = ""
    purchase_units: list[Unit] = []
    links: list[Link] = []

    @property
    def authorization(self) -> Authorization | None:
        """The newest authorisation."""
        found = [one for unit in self.purchase_units for one in unit.payments.authorizations]
        return found[-1] if found else None

    @property
    def captures(self) -> list[Capture]:
        """All captures."""
        return [one for unit in self.purchase_units for one in unit.payments.captures]

    @property
    def refunds(self) -> list[Refund]:
        """All refunds."""
        return [one for unit in self.purchase_units for one in unit.payments.refunds]

    @property
    def payer_url(self) -> str:
        """The page where the payer approves it; empty if PayPal names none."""
        return next((link.href for link in self.links if link.rel in PAYER_LINKS), "")
