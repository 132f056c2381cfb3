"""The page of the card holder's bank: approve a payment, or refuse it."""

import re
from decimal import Decimal
from html import escape
from urllib.parse import urlencode

from infra.simulators.adyen.books import Books
from infra.simulators.adyen.objects import Payment
from infra.simulators.adyen.payments import Payments
from infra.simulators.http_server import Request, Response
from infra.simulators.pages import page

PATH = re.compile(r"^/3ds/([0-9A-F]{16})(?:/(approve|fail))?$")
DECIMALS = {
    **dict.fromkeys(("CVE", "IDR", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
_OVER = "<p>This payment does not wait for anybody (any more).</p>"


class Approvals:
    """Asks the holder of a card; one POST to `…/approve` or `…/fail` decides."""

    def __init__(self, books: Books, payments: Payments) -> None:
        """Decide on the payments in these books."""
        self._books = books
        self._payments = payments

    def take(self, request: Request, path: str) -> Response:
        """Show the page, or note a decision and send the customer back to the shop.

        The customer carries the result there; nothing else comes of it until the shop hands it in.
        A decision that was taken already is not taken again.
        """
        match = PATH.match(path)
        payment = self._books.payments.get(match.group(1)) if match else None
        if match is None or payment is None:
            return page("Not found", "<p>There is no such payment.</p>", status=404)
        is_decision = match.group(2) is not None
        if is_decision != (request.method == "POST"):
            return page("Not possible", "<p>Look by GET, decide by POST.</p>", status=405)
        if payment.status != "waiting":
            return page("Nothing to decide", _OVER, status=409 if is_decision else 200)
        if not is_decision:
            return _question(payment)
        decided = self._payments.decide(payment, approves=match.group(2) == "approve")
        self._books.write()
        answer = urlencode({"redirectResult": decided.redirect_result})
        glue = "&" if "?" in payment.return_url else "?"
        return Response(status=303, headers={"Location": f"{payment.return_url}{glue}{answer}"})


def _question(payment: Payment) -> Response:
    base = f"/adyen/3ds/{payment.id}"
    amount = Decimal(payment.amount).scaleb(-DECIMALS.get(payment.currency, 2))
    return page(
        "Approve this payment",
        f'<p class="amount">{amount:,} {escape(payment.currency)}</p>'
        f"<p>Order <code>{escape(payment.order)}</code>, with a simulated card. No money moves.</p>"
        f'<form method="post" action="{base}/approve"><button class="yes">Approve</button></form>'
        f'<form method="post" action="{base}/fail"><button>Refuse</button></form>',
    )
