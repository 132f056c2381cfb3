"""What Adyen keeps books of. Each is frozen: a change makes a new one. Amounts are in Adyen's units."""

from datetime import UTC, date, datetime

from msgspec import Struct

REPORT_AVAILABLE = "REPORT_AVAILABLE"
BOOKED = {"captures": "charge", "refunds": "refund", "reversals": "refund"}
"""The modifications that move money, and as what a report shows them; undone, also as `…_undone`."""
OPEN, WON, LOST = "open", "won", "lost"
"""The states of a dispute."""


class Payment(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="payment"):
    """A payment. `status` is one of those in `payments.py`."""

    id: str
    created: int
    merchant: str
    reference: str
    order: str = ""
    amount: int
    currency: str
    method: str
    token: str
    return_url: str
    manual_capture: bool
    status: str
    redirect_result: str = ""
    captured: int = 0
    refunded: int = 0

    @property
    def is_live(self) -> bool:
        """Whether money is held on the customer's account and not taken yet."""
        return self.status == "authorised" and not self.captured


class Modification(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="modification"):
    """A capture, cancel, refund or adjustment; `payment` is empty where none was found. `reason` says why not.

    What was carried out and did not last was `undone` then.
    """

    id: str
    created: int
    kind: str
    payment: str
    reference: str
    amount: int = 0
    reason: str = ""
    undone: int = 0

    @property
    def is_done(self) -> bool:
        """Whether it was carried out, and lasts."""
        return not self.reason

    @property
    def has_moved(self) -> bool:
        """Whether it moved money, if only for a while."""
        return self.kind in BOOKED and (self.is_done or self.undone > 0)

    @property
    def settled_on(self) -> list[date]:
        """The days whose reports have it: when it was carried out, and when that was undone."""
        return [_day(at) for at in (self.created, self.undone) if at] if self.has_moved else []


class Dispute(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="dispute"):
    """A payment that the card holder's bank charges back."""

    id: str
    created: int
    payment: str
    amount: int
    reason: str
    status: str = OPEN
    decided: int = 0

    @property
    def settled_on(self) -> list[date]:
        """The days whose reports have it: when the bank took the money, and when it was decided."""
        return [_day(at) for at in (self.created, self.decided) if at]


Subject = Payment | Modification | Dispute


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of news for the receiver of webhooks; `id` is ours, Adyen's items have none."""

    id: str
    created: int
    event: str
    success: bool
    psp_reference: str
    original_reference: str = ""
    merchant: str
    reference: str
    value: int
    currency: str
    method: str
    reason: str = ""
    more: dict[str, str] = {}


def _day(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def report_of(day: date) -> str:
    """Name the settlement detail report of a day."""
    return f"settlement_detail_report_{day:%Y%m%d}.csv"


class Answer(Struct, frozen=True, kw_only=True):
    """What a request is answered with."""

    status: int
    document: dict[str, object]


class Kept(Struct, frozen=True, kw_only=True, tag="answered"):
    """The first answer to an idempotency key; `fingerprint` is of the request it answers."""

    key: str
    fingerprint: str
    created: int
    answer: Answer
