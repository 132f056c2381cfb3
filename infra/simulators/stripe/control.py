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
from infra.simulators.settlements import Falsifier
from infra.simulators.stripe import disputes, intents, refunds
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.forms import Form
from infra.simulators.stripe.objects import Event, Intent
from infra.simulators.stripe.refusals import Refusal
from infra.simulators.stripe.requests import RequestDesk


class IntentLine(AttemptLine, frozen=True, kw_only=True):
    """One payment intent."""

    id: str


class IntentsOfPayment(PaymentLine, frozen=True, kw_only=True):
    """A payment of ours with its intents."""

    intents: list[IntentLine]


class Control:
    """The addresses behind `/stripe/_`, for this machine only."""

    def __init__(
        self, *, books: Books, mischief: Mischief, desk: RequestDesk, falsifier: Falsifier
    ) -> None:
        """Control this simulator."""
        self._books = books
        self._common = Controls(
            mischief=mischief,
            calls=desk.calls,
            list_payments=self.payments,
            forget_all=books.forget_all,
            more=falsifier,
        )

    def take(self, request: Request, name: str, events: list[Event]) -> Response:
        """Answer a request for `/stripe/_{name}`, and add what it brought about to `events`."""
        answer = self._common.take(request, name)
        if answer is None and (request.method, name) == ("POST", "expire"):
            answer = self._expire(query_of(request), events)
        if answer is None and (request.method, name) == ("POST", "dispute"):
            answer = self._dispute(query_of(request), events)
        if answer is None and (request.method, name) == ("POST", "capture"):
            answer = self._capture(query_of(request), events)
        if answer is None and (request.method, name) == ("POST", "refund"):
            answer = self._refund(query_of(request), events)
        return answer or refused(404, "There is nothing of that name.")

    def payments(self, wanted: Mapping[str, str]) -> list[IntentsOfPayment]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        names = [wanted["payment_id"]] if "payment_id" in wanted else list(self._books.payments)
        found = [self._payment(name) for name in names if self._books.payments.get(name)]
        order_id = wanted.get("order_id")
        return [line for line in found if order_id is None or line.order_id == order_id]

    def _payment(self, payment_id: str) -> IntentsOfPayment:
        found = self._books.intents_of(payment_id)
        lines = [self._intent(intent) for intent in found]
        live = [line for line in lines if line.is_live_authorization]
        names = {intent.id for intent in found}
        held = [one for one in self._books.disputes.values() if one.payment_intent in names]
        return IntentsOfPayment(
            payment_id=payment_id,
            order_id=found[0].metadata.get("order_id", ""),
            currency=found[0].currency,
            live_authorizations=len(live),
            authorized=sum(line.amount for line in live),
            captured=sum(line.captured for line in lines),
            refunded=sum(line.refunded for line in lines),
            disputed=sum(one.amount for one in held if one.status in disputes.HELD),
            lost=sum(one.amount for one in held if one.status == disputes.LOST),
            disputes={
                one.id: one.status if one.status in disputes.DECIDED else "open" for one in held
            },
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

    def _dispute(self, wanted: dict[str, str], events: list[Event]) -> Response:
        """Have a card holder's bank dispute the charge of a `payment_intent`, or decide on a `dispute`.

        `status` says how it stands then, `reason` why the bank disputes it.
        """
        status = wanted.get("status", "needs_response")
        known = self._books.disputes.get(wanted.get("dispute", ""))
        intent = self._books.intents.get(wanted.get("payment_intent", ""))
        try:
            if known is not None:
                dispute, event = disputes.decided(known, status), "charge.dispute.closed"
            elif intent is not None:
                reason = wanted.get("reason", "fraudulent")
                dispute, intent = disputes.opened(intent, reason=reason, status=status)
                self._books.record(intent, request_id=None, key=None)
                event = "charge.dispute.created"
            else:
                return refused(404, "There is no such charge or dispute.")
        except ValueError as error:
            return refused(409, f"Not now: {error}.")
        events += self._books.record(dispute, event, request_id=None, key=None)
        self._books.write()
        return as_json({"dispute": dispute.id, "status": dispute.status})

    def _capture(self, wanted: dict[str, str], events: list[Event]) -> Response:
        """Have somebody charge a `payment_intent` in the dashboard, all that is held or an `amount`."""
        intent = self._books.intents.get(wanted.get("payment_intent", ""))
        if intent is None:
            return refused(404, "There is no such payment intent.")
        form: Form = {"amount_to_capture": wanted["amount"]} if "amount" in wanted else {}
        try:
            charged, types = intents.capture(intent, form)
        except Refusal as refusal:
            return refused(409, f"Not now: {refusal}")
        events += self._books.record(charged, *types, request_id=None, key=None)
        self._books.write()
        return as_json({"status": charged.status})

    def _refund(self, wanted: dict[str, str], events: list[Event]) -> Response:
        """Have somebody refund a `payment_intent` in the dashboard, all that is left or an `amount`.

        It carries nothing of what the shop writes on refunds of its own.
        """
        try:
            refund, intent = refunds.create(self._books, dict(wanted))
        except Refusal as refusal:
            return refused(409, f"Not now: {refusal}")
        events += self._books.record(refund, "refund.created", request_id=None, key=None)
        events += self._books.record(intent, "charge.refunded", request_id=None, key=None)
        self._books.write()
        return as_json({"refund": refund.id, "status": refund.status})

    def _expire(self, wanted: dict[str, str], events: list[Event]) -> Response:
        """Have the time of an authorisation run out, as after seven days."""
        intent = self._books.intents.get(wanted.get("payment_intent", ""))
        if intent is None or intent.status not in intents.CANCELLABLE:
            return refused(404, "There is no such payment intent to expire.")
        expired, types = intents.dropped(intent, "automatic")
        events += self._books.record(expired, *types, request_id=None, key=None)
        self._books.write()
        return as_json({"status": expired.status})
