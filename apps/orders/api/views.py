"""The doors of orders to storefronts and integrators."""

from collections.abc import Sequence

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import OrderId
from apps.orders.api.bodies import (
    CancelBody,
    MoneyDocument,
    OrderDetailDocument,
    OrderDocument,
    OrderQuery,
    PlaceOrderBody,
    TimelineDocument,
)
from apps.orders.api.documents import order_detail, order_document, step_document
from apps.orders.api.placements import placement_of
from apps.orders.domain.refusals import UnsupportedChoice
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.queries import (
    find_status,
    get_order,
    is_settled,
    list_items,
    list_orders,
    list_steps,
)
from apps.orders.services.cancel_order import cancel_order
from apps.orders.services.place_order import AskedFor, DraftedOrder, draft_orders, save_orders
from apps.platform.idempotency.answering import Answer
from apps.platform.idempotency.together import Draft, Together
from apps.platform.idempotency.views import REPLAYED, IdempotentView, answer_of
from apps.platform.telemetry.logs import bind_to_lines
from apps.platform.telemetry.metrics import order_creation_seconds, orders_created_total
from apps.platform.web.etags import etag_of
from apps.platform.web.pagination import page
from apps.platform.web.preferences import mark_applied, patience, wait_preferred, wait_until
from apps.platform.web.responses import JsonResponse
from apps.platform.web.schema import (
    IDEMPOTENCY_KEY,
    PREFER_WAIT,
    endpoint,
    page_of,
    sends_etag,
    sends_location,
)
from apps.platform.web.views import ApiView

AN_ORDER = {
    "currency": "EUR",
    "items": [{"sku": "SKU-0001", "quantity": 2}],
    "shipping": {
        "method": "standard",
        "address": {
            "name": "Ada Example",
            "line1": "Lindenweg 1",
            "postal_code": "10115",
            "city": "Berlin",
            "country": "DE",
        },
    },
    "payment": {"provider": "sandbox", "method": {"type": "card", "token": "tok_approve"}},
}


class OrdersView(IdempotentView):
    """Place an order; list orders."""

    scopes = {"POST": "orders:write", "GET": "orders:read"}

    @endpoint(
        "place_order",
        summary="Place an order",
        request=PlaceOrderBody,
        responses={202: OrderDocument, 200: OrderDocument},
        parameters=[IDEMPOTENCY_KEY, PREFER_WAIT, sends_location(200, 202)],
        refusals={
            409: "A price has changed, or a request with this key is still in flight.",
            422: "The order can never be filled; see `code` and `errors`.",
        },
        tags=["orders"],
        example=AN_ORDER,
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Accept the order; stock and payment follow."""
        with order_creation_seconds.time():
            body = self.body(PlaceOrderBody)
            placement = placement_of(body, self.principal)
            response = self.answer_together(
                _PLACING, AskedFor(placement=placement, cause=self.cause, now=self.now)
            )
        placed = decode(response.content, _Placed)
        bind_to_lines(order_id=str(placed.id), amount=placed.totals.grand_total.amount)
        if REPLAYED not in response.headers:
            orders_created_total.inc()
        return self._settled(request, response, placed.id)

    def _settled(
        self, request: HttpRequest, response: JsonResponse, order_id: OrderId
    ) -> HttpResponseBase:
        """Wait for the outcome where the caller prefers to, who may have lost the first answer to that."""
        seconds = wait_preferred(request)
        if not seconds:
            return response
        with patience() as has_patience:
            if not has_patience:
                return response
            settled = wait_until(lambda: is_settled(order_id) or None, seconds)
        order = get_order(str(order_id), customer_id=None)
        kept = {
            name: response.headers[name]
            for name in ("Location", REPLAYED)
            if name in response.headers
        }
        response = self.json(
            order_document(order, list_items([order_id])[order_id]),
            status=200 if settled else 202,
            headers=kept,
        )
        mark_applied(response, seconds)
        return response

    @endpoint(
        "list_orders",
        summary="List orders, newest first",
        query=OrderQuery,
        responses={200: page_of(OrderDocument)},
        refusals={422: "A parameter does not fit, or the cursor is not one of this list."},
        tags=["orders"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the orders that the caller may see."""
        query = self.query(OrderQuery)
        if query.status is not None and query.status not in set(OrderStatus):
            raise UnsupportedChoice(
                f"{query.status!r} is no status of an order.", parameter="status"
            )
        found = page(
            list_orders(
                customer_id=self.principal.customer_id or query.customer_id,
                status=query.status,
                created_after=query.created_after,
                created_before=query.created_before,
            ),
            order=("-id",),
            cursor=query.cursor,
            page_size=query.page_size,
        )
        items = list_items([order.id for order in found.results])
        return self.json(
            {
                "results": [order_document(order, items[order.id]) for order in found.results],
                "next": found.next,
            }
        )


class OrderView(ApiView):
    """One order."""

    scopes = "orders:read"

    @endpoint(
        "get_order",
        summary="Show one order, by id or number",
        responses={200: OrderDetailDocument},
        parameters=[sends_etag(200)],
        refusals={404: "There is no such order, or it is somebody else's."},
        tags=["orders"],
    )
    def get(self, request: HttpRequest, reference: str) -> HttpResponseBase:
        """Show an order with all that is known of it."""
        order = get_order(reference, customer_id=self.principal.customer_id)
        detail = order_detail(order, list_items([order.id])[order.id], list_steps(order.id))
        return self.json(detail, headers={"ETag": etag_of(order.steps)})


class TimelineView(ApiView):
    """The history of one order."""

    scopes = "orders:read"

    @endpoint(
        "get_order_timeline",
        summary="Show what happened to an order",
        responses={200: TimelineDocument},
        refusals={404: "There is no such order, or it is somebody else's."},
        tags=["orders"],
    )
    def get(self, request: HttpRequest, reference: str) -> HttpResponseBase:
        """Show the steps, oldest first."""
        order = get_order(reference, customer_id=self.principal.customer_id)
        return self.json(
            TimelineDocument(results=[step_document(step) for step in list_steps(order.id)])
        )


class CancelView(ApiView):
    """Calling an order off."""

    scopes = "orders:write"
    repeatable_methods = frozenset({"POST"})

    @endpoint(
        "cancel_order",
        summary="Cancel an order",
        request=CancelBody,
        example={"reason": "ordered twice"},
        responses={202: OrderDocument, 200: OrderDocument},
        parameters=[PREFER_WAIT],
        refusals={
            404: "There is no such order, or it is somebody else's.",
            409: "The order is too far on; `status` says where.",
        },
        tags=["orders"],
    )
    def post(self, request: HttpRequest, reference: str) -> HttpResponseBase:
        """Ask for the order to be called off; asking again changes nothing."""
        body = self.body(CancelBody) if request.body else CancelBody()
        order = get_order(reference, customer_id=self.principal.customer_id)
        bind_to_lines(order_id=str(order.id))
        cancelled = cancel_order(
            order_id=order.id,
            reason=CancelReason.CUSTOMER_REQUEST,
            detail=body.reason,
            cause=self.cause,
            now=self.now,
        ).order
        seconds = wait_preferred(request)
        if not seconds or cancelled.status == OrderStatus.CANCELLED:
            return self._shown(cancelled)
        with patience() as has_patience:
            if not has_patience:
                return self._shown(cancelled)
            wait_until(lambda: find_status(order.id) == OrderStatus.CANCELLED or None, seconds)
        response = self._shown(get_order(str(order.id), customer_id=None))
        mark_applied(response, seconds)
        return response

    def _shown(self, order: Order) -> JsonResponse:
        return self.json(
            order_document(order, list_items([order.id])[order.id]),
            status=200 if order.status == OrderStatus.CANCELLED else 202,
        )


def _answers(asked: Sequence[AskedFor]) -> list[Draft[DraftedOrder] | DomainError]:
    return [
        draft if isinstance(draft, DomainError) else Draft(answer=_accepted(draft), rows=draft)
        for draft in draft_orders(asked)
    ]


def _accepted(draft: DraftedOrder) -> Answer:
    return answer_of(
        JsonResponse(
            order_document(draft.order, draft.items),
            status=202,
            headers={"Location": f"/api/v1/orders/{draft.order.id}"},
        )
    )


_PLACING: Together[AskedFor, DraftedOrder] = Together(draft=_answers, write=save_orders)


class _Totals(msgspec.Struct):
    grand_total: MoneyDocument


class _Placed(msgspec.Struct):
    """What the line on a placement tells of it."""

    id: OrderId
    totals: _Totals
