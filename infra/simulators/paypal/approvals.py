"""PayPal's page, where the payer agrees to a payment or does not."""

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlencode

from infra.simulators.http_server import Request, Response
from infra.simulators.pages import page
from infra.simulators.paypal import orders
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.documents import written
from infra.simulators.paypal.objects import Change, Event, Order
from infra.simulators.paypal.wallets import ANY, WALLETS

PATH = "/checkoutnow"
_OVER = "<p>This payment does not wait for anybody (any more).</p>"


class Approvals:
    """Asks the payer; one POST to `…/approve` or `…/cancel` decides."""

    def __init__(self, books: Books, record: Callable[[Change], list[Event]]) -> None:
        """Decide on the orders in these books."""
        self._books = books
        self._record = record

    def take(self, request: Request, path: str, events: list[Event]) -> Response:
        """Show the page, or carry out a decision and send the payer back to the shop.

        What a decision brings about is added to `events`. The payer may pay with another wallet than
        the one that does what it should: `wallet` in the query names it. A payer who does not want
        to pay goes back to the shop, and nothing else happens: PayPal leaves the order as it was.
        """
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        order = self._books.orders.get(query.get("token", ""))
        wallet = query.get("wallet", ANY)
        if order is None or wallet not in WALLETS:
            return page("Not found", "<p>There is no such payment.</p>", status=404)
        decision = path.removeprefix(PATH).strip("/")
        if not decision and request.method == "GET":
            return _question(order)
        if decision not in ("approve", "cancel") or request.method != "POST":
            return page("Not possible", "<p>Decide by POST.</p>", status=405)
        if decision == "cancel":
            return _back_to_shop(order.cancel_url, {"token": order.id})
        # A payer whose wallet was declined comes back and chooses another one.
        if order.status not in (*orders.APPROVABLE, "APPROVED"):
            return page("Nothing to decide", _OVER, status=409)
        events += self._record(orders.approve(order, wallet))
        return _back_to_shop(order.return_url, {"token": order.id, "PayerID": "SIMULATEDPAYER"})


def _question(order: Order) -> Response:
    if order.status not in (*orders.APPROVABLE, "APPROVED"):
        return page("Nothing to decide", _OVER)
    query = urlencode({"token": order.id})
    amount = f"{written(order.minor, order.currency)} {order.currency}"
    return page(
        "Pay with the simulated PayPal",
        f"""
        <p class="amount">{escape(amount)}</p>
        <p>Order <code>{escape(order.reference_id)}</code>, with a simulated wallet. No money moves.</p>
        <form method="post" action="/paypal{PATH}/approve?{query}"><button class="yes">Pay</button></form>
        <form method="post" action="/paypal{PATH}/cancel?{query}"><button>Cancel</button></form>
        """,
    )


def _back_to_shop(url: str, brings: dict[str, str]) -> Response:
    if not url:
        return page("Thank you", "<p>You may close this page.</p>")
    glue = "&" if "?" in url else "?"
    return Response(status=303, headers={"Location": f"{url}{glue}{urlencode(brings)}"})
