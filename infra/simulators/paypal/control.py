"""What tests and drills ask of the simulator itself: its books, its faults, its clock."""

from collections.abc import Mapping

from infra.simulators.controls import (
    AttemptLine,
    Controls,
    PaymentLine,
    as_json,
    query_of,
    refused,
)
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.disputes import OUTCOMES
from infra.simulators.paypal.happenings import Happenings
from infra.simulators.paypal.objects import Event, Order
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.paypal.requests import RequestDesk
from infra.simulators.paypal.tokens import Tokens
from infra.simulators.settlements import Falsifier

_ENDINGS = {code: ending for ending, code in OUTCOMES.items()}


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
        falsifier: Falsifier,
    ) -> None:
        """Control this simulator."""
        self._books = books
        self._tokens = tokens
        self._happenings = happenings
        self._controls = Controls(
            mischief=mischief,
            calls=desk.calls,
            list_payments=self.payments,
            forget_all=books.forget_all,
            more=falsifier,
        )

    def take(self, request: Request, name: str, events: list[Event]) -> Response:
        """Answer a request for `/paypal/_{name}`, and add what it brought about to `events`."""
        answer = self._controls.take(request, name)
        if answer is not None:
            return answer
        match request.method, name:
            case "DELETE", "tokens":
                self._tokens.forget_all()
                return as_json({"tokens": 0})
            case "POST", (
                "age" | "expire" | "settle" | "reverse" | "capture" | "refund" | "dispute"
            ):
                return self._let_happen(name, query_of(request), events)
            case _:
                return refused(404, "There is nothing of that name.")

    def payments(self, wanted: Mapping[str, str]) -> list[OrdersOfPayment]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        names = [wanted["payment_id"]] if "payment_id" in wanted else list(self._books.payments)
        found = [self._payment(name) for name in names if self._books.payments.get(name)]
        order_id = wanted.get("order_id")
        return [line for line in found if order_id is None or line.order_id == order_id]

    def _payment(self, payment_id: str) -> OrdersOfPayment:
        found = self._books.orders_of(payment_id)
        lines = [_line(order) for order in found]
        live = [line for line in lines if line.is_live_authorization]
        held = [dispute for order in found for dispute in order.disputes]
        return OrdersOfPayment(
            payment_id=payment_id,
            order_id=found[0].reference_id,
            currency=found[0].currency,
            live_authorizations=len(live),
            authorized=sum(line.amount for line in live),
            captured=sum(line.captured for line in lines),
            refunded=sum(line.refunded for line in lines),
            disputed=sum(one.minor for one in held if not one.outcome_code),
            lost=sum(one.minor for one in held if one.outcome_code == OUTCOMES["lost"]),
            disputes={one.id: _ENDINGS.get(one.outcome_code, "open") for one in held},
            orders=lines,
        )

    def _let_happen(self, what: str, query: dict[str, str], events: list[Event]) -> Response:
        try:
            happened = self._happenings.bring_about(what, query)
        except Refusal:
            return refused(404, f"There is nothing to {what}.")
        events += happened
        named = {"dispute": happened[0].resource["dispute_id"]} if what == "dispute" else {}
        return as_json({"done": what, **named})


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
