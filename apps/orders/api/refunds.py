"""The door for giving money of an order back."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import UNSET

from apps.orders.api.documents import credit_note_document, refund_document
from apps.orders.api.refund_bodies import RefundBody, RefundDocument, RefundsDocument
from apps.orders.domain.refusals import InvalidRefund
from apps.orders.queries import get_order, list_credit_notes, list_refunds
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.platform.idempotency.views import IdempotentView
from apps.platform.telemetry.logs import bind_to_lines
from apps.platform.web.schema import IDEMPOTENCY_KEY, endpoint
from apps.platform.web.sums import read_sum


class RefundsView(IdempotentView):
    """The refunds of one order."""

    scopes = {"GET": "orders:read", "POST": "orders:refund"}

    @endpoint(
        "list_refunds",
        summary="List the refunds of an order",
        responses={200: RefundsDocument},
        refusals={404: "There is no such order, or it is somebody else's."},
        tags=["orders"],
    )
    def get(self, request: HttpRequest, reference: str) -> HttpResponseBase:
        """Show what was asked for, how far it is, and what documents there are for it."""
        order = get_order(reference, customer_id=self.principal.customer_id)
        return self.json(
            RefundsDocument(
                results=[refund_document(one, order.currency) for one in list_refunds(order.id)],
                credit_notes=[
                    credit_note_document(one, order.currency) for one in list_credit_notes(order.id)
                ],
            )
        )

    @endpoint(
        "refund_order",
        summary="Give money of an order back",
        request=RefundBody,
        example={"items": [{"sku": "SKU-0001", "quantity": 1}], "reason": "dented"},
        responses={202: RefundDocument},
        parameters=[IDEMPOTENCY_KEY],
        refusals={
            404: "There is no such order, or it is somebody else's.",
            409: "Nothing can go back now, or a request with this key is still in flight.",
            422: "More than is left, or units that the order does not have.",
        },
        tags=["orders"],
    )
    def post(self, request: HttpRequest, reference: str) -> HttpResponseBase:
        """Ask for money to go back by the way it came; the provider is called after the answer."""
        body = self.body(RefundBody) if request.body else RefundBody()
        order = get_order(reference, customer_id=self.principal.customer_id)
        bind_to_lines(order_id=str(order.id))
        wish = wish_of(body, order.currency)
        return self.answer_once(
            lambda: self.json(
                refund_document(
                    refund_order(
                        order_id=order.id,
                        wish=wish,
                        reason=body.reason,
                        cause=self.cause,
                        now=self.now,
                    ),
                    order.currency,
                ),
                status=202,
            )
        )


def wish_of(body: RefundBody, currency: str) -> RefundWish:
    """Turn a body into what the use case takes.

    Raises:
        InvalidRefund: an amount and items at once, or the same SKU twice.
        InvalidAmount, CurrencyMismatch: see `read_sum`.
    """
    if body.amount is not UNSET and body.items is not UNSET:
        raise InvalidRefund("Name an amount or items, not both.", pointer="/amount")
    if body.items is not UNSET:
        units = {item.sku: item.quantity for item in body.items}
        if len(units) < len(body.items):
            raise InvalidRefund("Name each SKU once.", pointer="/items")
        return RefundWish(units=units)
    if body.amount is UNSET:
        return RefundWish()
    wanted = read_sum(body.amount, currency=currency, pointer="/amount")
    return RefundWish(amount_minor=wanted.amount_minor)
