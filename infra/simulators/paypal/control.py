"""What tests and drills ask of the simulator itself: its books, its faults, its clock."""

from typing import Any

import msgspec

from infra.simulators.controls import CALL_SECONDS_SHOWN, AttemptLine, PaymentLine
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.happenings import Happenings
from infra.simulators.paypal.objects import Event, Order
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.paypal.requests import RequestDesk
from infra.simulators.paypal.tokens import Tokens


class OrderLine(AttemptLine, frozen=True, kw_only=True):
    """One order in the books, in the smallest units that PayPal knows."""

    id: str
    authorization: str
    captures: list[str]


class OrdersOfPayment(PaymentLine, frozen=True, kw_only=True):
    """What the books hold for a payment, with the orders that it was tried with."""

    orders: list[OrderLine]


class Control:
    """The addresses behind `/paypal/_`, for this machine only."""

    def __init__(
        self,
        *,
        books: Books,
        mischief: Mischief,
        desk: RequestDesk,
        tokens: Tokens,
        happenings: Happenings,
    ) -> None:
        """Control this simulator."""
        self._books = books
        self._mischief = mischief
        self._desk = desk
        self._tokens = tokens
        self._happenings = happenings

    def take(self, request: Request, name: str, events: list[Event]) -> Response:
        """Answer a request for `/paypal/_{name}`, and add what it brought about to `events`."""
        if not request.is_local:
            return _refused(403, "Only this machine may ask that.")
        match request.method, name:
            case "GET", "faults":
                return _json(self._mischief.faults)
            case "POST", "faults":
                return self._change_faults(request.body)
            case "DELETE", "faults":
                self._mischief.end()
                return _json(self._mischief.faults)
            case "GET", "books":
                return _json({"payments": self.payments(_query(request))})
            case "GET", "calls":
                return _json({"total": sum(self._desk.calls.values()), **self._recent_calls()})
            case "DELETE", "tokens":
                self._tokens.forget_all()
                return _json({"tokens": 0})
            case "POST", "reset":
                self._books.forget_all()
                self._mischief.end()
                self._desk.calls.clear()
                return _json({"reset": True})
            case "POST", ("expire" | "settle" | "reverse" | "dispute"):
                return self._let_happen(name, _query(request), events)
            case _:
                return _refused(404, "There is nothing of that name.")

    def payments(self, wanted: dict[str, str]) -> list[OrdersOfPayment]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        names = [wanted["payment_id"]] if "payment_id" in wanted else list(self._books.payments)
        found = [self._payment(name) for name in names if self._books.payments.get(name)]
        order_id = wanted.get("order_id")
        return [line for line in found if order_id is None or line.order_id == order_id]

    def _payment(self, payment_id: str) -> OrdersOfPayment:
        found = self._books.orders_of(payment_id)
        lines = [_line(order) for order in found]
        live = [line for line in lines if line.is_live_authorization]
        return OrdersOfPayment(
            payment_id=payment_id,
            order_id=found[0].reference_id,
            currency=found[0].currency,
            live_authorizations=len(live),
            authorized=sum(line.amount for line in live),
            captured=sum(line.captured for line in lines),
            refunded=sum(line.refunded for line in lines),
            orders=lines,
        )

    def _recent_calls(self) -> dict[str, Any]:
        newest = list(self._desk.calls.items())[-CALL_SECONDS_SHOWN:]
        return {"by_second": {str(second): count for second, count in newest}}

    def _change_faults(self, document: bytes) -> Response:
        try:
            self._mischief.change(document)
        except msgspec.MsgspecError as error:
            return _refused(400, str(error))
        return _json(self._mischief.faults)

    def _let_happen(self, what: str, query: dict[str, str], events: list[Event]) -> Response:
        try:
            events += self._happenings.bring_about(what, query)
        except Refusal:
            return _refused(404, f"There is nothing to {what}.")
        return _json({"done": what})


def _line(order: Order) -> OrderLine:
    held = order.authorization
    return OrderLine(
        id=order.id,
        status=order.status,
        amount=order.minor,
        captured=order.captured,
        refunded=order.refunded,
        is_live_authorization=held is not None and held.status in ("CREATED", "PENDING"),
        authorization=held.id if held else "",
        captures=[one.id for one in order.captures],
        refunds=[one.id for one in order.refunds],
    )


def _query(request: Request) -> dict[str, str]:
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    return {name: value for name, _, value in pairs}


def _json(document: object) -> Response:
    return Response(body=msgspec.json.encode(document), content_type="application/json")


def _refused(status: int, why: str) -> Response:
    return Response(
        status=status,
        body=msgspec.json.encode({"error": why}),
        content_type="application/json",
    )
