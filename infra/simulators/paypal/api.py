"""The addresses of the simulated API, and what each of them does."""

from infra.simulators.paypal import orders, payments, renewals
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.documents import (
    AuthorizeOrder,
    CaptureAuthorization,
    CreateOrder,
    Reauthorize,
    RefundCapture,
    read,
)
from infra.simulators.paypal.objects import Change, Order, Shown
from infra.simulators.paypal.refusals import missing
from infra.simulators.paypal.rendering import Rendering
from infra.simulators.paypal.requests import Found, Route, change, show

WITH_SOURCE = '"payment_source"'


class PayPalApi:
    """Reads and changes the books as PayPal's API does."""

    def __init__(self, books: Books, rendering: Rendering) -> None:
        """Work on these books."""
        self._books = books
        self._rendering = rendering

    def routes(self) -> list[Route]:
        """Give every address there is."""
        held, taken = "payments/authorizations/{}", "payments/captures/{}"
        return [
            change(
                "checkout/orders",
                self.create_order,
                repeat_status=200,
                needs_key_for=WITH_SOURCE,
            ),
            show("checkout/orders/{}", self.show_order),
            change("checkout/orders/{}/authorize", self.authorize_order, repeat_status=200),
            show(held, self.show_authorization),
            change(f"{held}/capture", self.capture),
            change(f"{held}/reauthorize", self.renew),
            change(f"{held}/void", self.void, status=200, repeat_status=200, is_silent=True),
            show(taken, self.show_capture),
            change(f"{taken}/refund", self.refund),
            show("payments/refunds/{}", self.show_refund),
        ]

    def create_order(self, body: bytes) -> Change:
        """Make an order."""
        return orders.create(self._books, read(body, CreateOrder))

    def authorize_order(self, body: bytes, name: str) -> Change:
        """Hold the money of an order."""
        read(body, AuthorizeOrder)
        order = self._order(name)
        return orders.authorize(self._books, order, self._rendering.payer_page(order))

    def capture(self, body: bytes, name: str) -> Change:
        """Take money that is held."""
        order = self._authorized(name)
        renewals.insist_on_newest(order, name)
        return payments.capture(order, read(body, CaptureAuthorization))

    def renew(self, body: bytes, name: str) -> Change:
        """Have what is held authorised anew."""
        return renewals.renew(self._authorized(name), read(body, Reauthorize))

    def void(self, body: bytes, name: str) -> Change:
        """Release money that is held."""
        order = self._authorized(name)
        renewals.insist_on_first(order, name)
        return orders.void(order)

    def refund(self, body: bytes, name: str) -> Change:
        """Give back money that was taken."""
        return payments.refund(self._books, self._with(name), name, read(body, RefundCapture))

    def show_order(self, name: str) -> Found:
        """Show an order."""
        return Found(order=self._order(name), shown=Shown(kind="order", name=name))

    def show_authorization(self, name: str) -> Found:
        """Show what is held."""
        return Found(order=self._authorized(name), shown=Shown(kind="authorization", name=name))

    def show_capture(self, name: str) -> Found:
        """Show what was taken."""
        order = self._with(name)
        payments.capture_named(order, name)
        return Found(order=order, shown=Shown(kind="capture", name=name))

    def show_refund(self, name: str) -> Found:
        """Show what was given back."""
        order = self._with(name)
        payments.refund_named(order, name)
        return Found(order=order, shown=Shown(kind="refund", name=name))

    def _order(self, name: str) -> Order:
        order = self._books.orders.get(name)
        if order is None or order.status == orders.EXPIRED:
            raise missing()
        return order

    def _authorized(self, name: str) -> Order:
        order = self._with(name)
        if order.authorization_named(name) is None:
            raise missing()
        return order

    def _with(self, name: str) -> Order:
        order = self._books.order_with(name)
        if order is None:
            raise missing()
        return order
