"""What the simulated providers report as settled: made from their books, with fees, and falsified on request."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from apps.kernel.decoding import decode
from infra.simulators.controls import as_json, refused
from infra.simulators.http_server import Request, Response

FEE_PER_MILLE = 14
FEE_MINOR = 25
"""1.4 % and 25 of the smallest units of each charge; refunds cost nothing."""


class Booking(Struct, frozen=True, kw_only=True):
    """One movement of money, in the provider's smallest units.

    `kind` is charge, charge_undone, refund, refund_undone, dispute, dispute_won, fee or payout, at
    Adyen also dispute_again.
    `reference` names it, `payment` what it belongs to: an intent, a payment or a capture.
    """

    kind: str
    reference: str
    amount: int
    currency: str
    created: int
    payment: str = ""
    payment_id: str = ""
    fee: int = 0
    nth: int = 1

    @property
    def id(self) -> str:
        """A name of its own, the same each time, as Stripe's look."""
        told = f"{self.kind}:{self.reference}:{self.nth}"
        return f"txn_{hashlib.sha256(told.encode()).hexdigest()[:24]}"


class Lies(Struct, frozen=True, kw_only=True):
    """How a report is to differ from the books, by the names of movements.

    `leave_out` says nothing of them, `amounts` and `fees` give them others, `twice` says them twice,
    `extra` are movements that there never were.
    """

    leave_out: tuple[str, ...] = ()
    amounts: dict[str, int] = {}
    fees: dict[str, int] = {}
    twice: tuple[str, ...] = ()
    extra: tuple[Booking, ...] = ()


class Falsifier:
    """Falsifies reports as it is told at `_settlements`: by POST of `Lies`, until a DELETE."""

    def __init__(self) -> None:
        """Begin with the truth."""
        self._lies = Lies()

    def take(self, request: Request, name: str) -> Response | None:
        """Answer a request for `_settlements`; None where it is for something else."""
        if name != "settlements":
            return None
        try:
            if request.method == "POST":
                self._lies = decode(request.body, Lies)
            elif request.method == "DELETE":
                self.end()
        except msgspec.MsgspecError as error:
            return refused(400, str(error))
        return as_json(self._lies)

    def end(self) -> None:
        """Tell the truth again."""
        self._lies = Lies()

    def falsified(self, bookings: Iterable[Booking]) -> Iterator[Booking]:
        """Give what is reported in place of the truth."""
        lies = self._lies
        for one in bookings:
            if one.reference in lies.leave_out:
                continue
            told = replace(
                one,
                amount=lies.amounts.get(one.reference, one.amount),
                fee=lies.fees.get(one.reference, one.fee),
            )
            yield told
            if one.reference in lies.twice:
                yield replace(told, nth=2)
        yield from lies.extra


def fee_of(amount: int) -> int:
    """Say what a charge costs."""
    return amount * FEE_PER_MILLE // 1000 + FEE_MINOR
