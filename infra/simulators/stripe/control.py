"""What tests and drills ask of the simulator itself: its books, its faults, its clock."""

from typing import Any

import msgspec
from msgspec import Struct

from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.stripe import intents
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.objects import Event, Intent
from infra.simulators.stripe.requests import RequestDesk

CALL_SECONDS_SHOWN = 900


class IntentLine(Struct, frozen=True, kw_only=True):
    """One payment intent in the books, in Stripe's units."""

    id: str
    status: str
    amount: int
    captured: int
    refunded: int
    is_live_authorization: bool
    refunds: list[str]


class PaymentLine(Struct, frozen=True, kw_only=True):
    """All that the books hold for one payment of ours, in Stripe's units."""

    payment_id: str
    order_id: str
    currency: str
    live_authorizations: int
    authorized: int
    captured: int
    refunded: int
    intents: list[IntentLine]


class Control:
    """The addresses behind `/stripe/_`, for this machine only."""

    def __init__(self, *, books: Books, mischief: Mischief, desk: RequestDesk) -> None:
        """Control this simulator."""
        self._books = books
        self._mischief = mischief
        self._desk = desk

    def take(self, request: Request, name: str, events: list[Event]) -> Response:
        """Answer a request for `/stripe/_{name}`, and add what it brought about to `events`."""
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
            case "POST", "reset":
                self._books.forget_all()
                self._mischief.end()
                self._desk.calls.clear()
                return _json({"reset": True})
            case "POST", "expire":
                return self._expire(_query(request), events)
            case _:
                return _refused(404, "There is nothing of that name.")

    def payments(self, wanted: dict[str, str]) -> list[PaymentLine]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        names = [wanted["payment_id"]] if "payment_id" in wanted else list(self._books.payments)
        found = [self._payment(name) for name in names if self._books.payments.get(name)]
        order_id = wanted.get("order_id")
        return [line for line in found if order_id is None or line.order_id == order_id]

    def _payment(self, payment_id: str) -> PaymentLine:
        found = self._books.intents_of(payment_id)
        lines = [self._intent(intent) for intent in found]
        live = [line for line in lines if line.is_live_authorization]
        return PaymentLine(
            payment_id=payment_id,
            order_id=found[0].metadata.get("order_id", ""),
            currency=found[0].currency,
            live_authorizations=len(live),
            authorized=sum(line.amount for line in live),
            captured=sum(line.captured for line in lines),
            refunded=sum(line.refunded for line in lines),
            intents=lines,
        )

    def _intent(self, intent: Intent) -> IntentLine:
        return IntentLine(
            id=intent.id,
            status=intent.status,
            amount=intent.amount,
            captured=intent.amount_received,
            refunded=intent.amount_refunded,
            is_live_authorization=intent.status == "requires_capture",
            refunds=[refund.id for refund in self._books.refunds_of(intent.id)],
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

    def _expire(self, wanted: dict[str, str], events: list[Event]) -> Response:
        """Have the time of an authorisation run out, as after seven days."""
        intent = self._books.intents.get(wanted.get("payment_intent", ""))
        if intent is None or intent.status not in intents.CANCELLABLE:
            return _refused(404, "There is no such payment intent to expire.")
        expired, types = intents.dropped(intent, "automatic")
        events += self._books.record(expired, *types, request_id=None, key=None)
        self._books.write()
        return _json({"status": expired.status})


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
