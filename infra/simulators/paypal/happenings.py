"""What happens at PayPal without the shop: time passes, reviews end, banks and payers change their minds."""

from collections.abc import Callable, Mapping

from infra.simulators.paypal import disputes, orders, payments, renewals
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.documents import Amount, CaptureAuthorization, RefundCapture
from infra.simulators.paypal.objects import Change, Event, Order
from infra.simulators.paypal.refusals import missing

LIVE = ("CREATED", "PENDING")
NOT_RECEIVED = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"
ENDINGS = ("COMPLETED", "CREATED", "DECLINED", "DENIED", "FAILED")


class Happenings:
    """Brings about what tests and drills ask for."""

    def __init__(self, books: Books, record: Callable[[Change], list[Event]]) -> None:
        """Let it happen in these books."""
        self._books = books
        self._record = record

    def bring_about(self, what: str, query: Mapping[str, str]) -> list[Event]:
        """Let something happen to what the query names; gives the events of it.

        `age` an `authorization` by `days`; `expire` an `order` or `authorization`; `settle` an `authorization`, `capture` or `refund`
        with a `status`; `reverse` a `capture`; `dispute` a `capture`, for a `reason`, or decide on a `dispute`
        with `status=won` or `lost`; `refund` a `capture` at PayPal's own site, all that is left or an `amount` as PayPal writes it;
        `capture` an `authorization` there, for good, in the same way.

        Raises:
            Refusal: there is no such thing, or it cannot happen to it.
        """
        match what:
            case "age":
                order = self._order_with(query.get("authorization", ""))
                return self._record(renewals.aged(order, int(query.get("days", "0"))))
            case "expire":
                return self._record(self._expired(query))
            case "settle":
                return self._record(self._settled(query))
            case "reverse":
                name = query.get("capture", "")
                return self._record(payments.reverse(self._order_with(name), name))
            case "capture":
                return self._record(self._captured(query))
            case "refund":
                return self._record(self._refunded(query))
            case "dispute":
                return self._disputed(query)
            case _:
                raise missing()

    def fail_refund(self, name: str) -> list[Event]:
        """Have the money of a refund come back to us."""
        order = self._books.order_with(name)
        if order is None or payments.refund_named(order, name).status != "COMPLETED":
            return []
        return self._record(payments.settle_refund(order, name, "FAILED"))

    def _captured(self, query: Mapping[str, str]) -> Change:
        order = self._order_with(query.get("authorization", ""))
        wanted = CaptureAuthorization(amount=_amount(order, query), final_capture=True)
        return payments.capture(order, wanted)

    def _refunded(self, query: Mapping[str, str]) -> Change:
        name = query.get("capture", "")
        order = self._order_with(name)
        return payments.refund(
            self._books, order, name, RefundCapture(amount=_amount(order, query))
        )

    def _expired(self, query: Mapping[str, str]) -> Change:
        if "order" in query:
            order = self._books.orders.get(query["order"])
            if order is None or order.authorization is not None:
                raise missing()
            return orders.expire(order)
        order = self._order_with(query.get("authorization", ""))
        if order.authorization is None or order.authorization.status not in LIVE:
            raise missing()
        return orders.run_out(order)

    def _settled(self, query: Mapping[str, str]) -> Change:
        status = query.get("status", "")
        if status not in ENDINGS:
            raise missing()
        if "authorization" in query:
            return orders.settle(self._order_with(query["authorization"]), status)
        if "refund" in query:
            name = query["refund"]
            return payments.settle_refund(self._order_with(name), name, status)
        name = query.get("capture", "")
        return payments.settle(self._order_with(name), name, status)

    def _disputed(self, query: Mapping[str, str]) -> list[Event]:
        if "dispute" in query:
            name = query["dispute"]
            order = self._order_with(name)
            dispute, order = disputes.decided(order, name, status=query.get("status", ""))
        else:
            name, reason = query.get("capture", ""), query.get("reason", NOT_RECEIVED)
            dispute, order = disputes.opened(self._order_with(name), name, reason=reason)
        event = disputes.event_of(dispute, order)
        self._books.record(order, [event])
        return [event]

    def _order_with(self, name: str) -> Order:
        order = self._books.order_with(name)
        if order is None:
            raise missing()
        return order


def _amount(order: Order, query: Mapping[str, str]) -> Amount | None:
    value = query.get("amount")
    return Amount(currency_code=order.currency, value=value) if value else None
