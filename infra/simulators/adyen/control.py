"""What tests and drills ask of the simulator itself: its books, its faults, its clock."""

from msgspec import Struct

from infra.simulators.adyen.books import Books
from infra.simulators.adyen.objects import Notice, Payment
from infra.simulators.adyen.payments import Payments
from infra.simulators.adyen.requests import RequestDesk
from infra.simulators.controls import as_json, control_faults, query_of, refused, show_calls
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response


class AttemptLine(Struct, frozen=True, kw_only=True):
    """One attempt to pay in the books, in Adyen's units."""

    psp_reference: str
    status: str
    amount: int
    captured: int
    refunded: int
    is_live_authorization: bool
    refunds: list[str]


class PaymentLine(Struct, frozen=True, kw_only=True):
    """All that the books hold for one payment of ours, in Adyen's units."""

    payment_id: str
    order_id: str
    currency: str
    live_authorizations: int
    authorized: int
    captured: int
    refunded: int
    attempts: list[AttemptLine]


class Control:
    """The addresses behind `/adyen/_`, for this machine only."""

    def __init__(
        self, *, books: Books, payments: Payments, mischief: Mischief, desk: RequestDesk
    ) -> None:
        """Control this simulator."""
        self._books = books
        self._payments = payments
        self._mischief = mischief
        self._desk = desk

    def take(self, request: Request, name: str, news: list[Notice]) -> Response:
        """Answer a request for `/adyen/_{name}`, and add what is to be told of it to `news`."""
        if not request.is_local:
            return refused(403, "Only this machine may ask that.")
        match request.method, name:
            case "GET" | "POST" | "DELETE", "faults":
                return control_faults(self._mischief, request)
            case "GET", "books":
                return as_json({"payments": self.payments(query_of(request))})
            case "GET", "calls":
                return show_calls(self._desk.calls)
            case "POST", "reset":
                self._books.forget_all()
                self._mischief.end()
                self._desk.calls.clear()
                return as_json({"reset": True})
            case "POST", "expire":
                return self._expire(query_of(request), news)
            case _:
                return refused(404, "There is nothing of that name.")

    def payments(self, wanted: dict[str, str]) -> list[PaymentLine]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        asked = wanted.get("payment_id")
        names = self._books.references() if asked is None else [asked]
        found = [self._line(name, self._books.payments_of(name)) for name in names]
        order = wanted.get("order_id")
        return [one for one in found if one.attempts and order in (None, one.order_id)]

    def _line(self, reference: str, payments: list[Payment]) -> PaymentLine:
        attempts = [self._attempt(one) for one in payments]
        live = [one for one in attempts if one.is_live_authorization]
        return PaymentLine(
            payment_id=reference,
            order_id=payments[0].order if payments else "",
            currency=payments[0].currency if payments else "",
            live_authorizations=len(live),
            authorized=sum(one.amount for one in live),
            captured=sum(one.captured for one in attempts),
            refunded=sum(one.refunded for one in attempts),
            attempts=attempts,
        )

    def _attempt(self, payment: Payment) -> AttemptLine:
        return AttemptLine(
            psp_reference=payment.id,
            status=payment.status,
            amount=payment.amount,
            captured=payment.captured,
            refunded=payment.refunded,
            is_live_authorization=payment.is_live,
            refunds=[
                one.id
                for one in self._books.modifications_of(payment.id)
                if one.kind == "refunds" and one.is_done
            ],
        )

    def _expire(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Have the time of an authorisation run out, as after 28 days."""
        payment = self._books.payments.get(wanted.get("psp_reference", ""))
        if payment is None or not payment.is_live:
            return refused(404, "There is no such authorisation to expire.")
        news.append(self._payments.expire(payment))
        self._books.write()
        return as_json({"status": "expired"})
