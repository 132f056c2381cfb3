"""The page of the card holder's bank: approve a payment, or refuse it."""

import re
from decimal import Decimal
from html import escape
from urllib.parse import urlencode

from infra.simulators.http_server import Request, Response
from infra.simulators.pages import page
from infra.simulators.stripe import intents
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.objects import Event, Intent

PATH = re.compile(r"^/3ds/(pi_[0-9a-f]+)(?:/(approve|fail))?$")
WHOLE = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THOUSANDTHS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


class Approvals:
    """Asks the holder of a card; one POST to `…/approve` or `…/fail` decides."""

    def __init__(self, books: Books) -> None:
        """Decide on the intents in these books."""
        self._books = books

    def take(self, request: Request, path: str, events: list[Event]) -> Response:
        """Show the page, or carry out a decision and send the customer back to the shop.

        What a decision brings about is added to `events`. A decision that was taken already is not taken again.
        """
        match = PATH.match(path)
        intent = self._books.intents.get(match.group(1)) if match else None
        if match is None or intent is None:
            return page("Not found", "<p>There is no such payment.</p>", status=404)
        decision = match.group(2)
        if decision is None and request.method == "GET":
            return _question(intent)
        if decision is None or request.method != "POST":
            return page("Not possible", "<p>Decide by POST.</p>", status=405)
        if intent.status != "requires_action":
            return page("Nothing to decide", _OVER, status=409)
        change = (
            intents.authorize(intent) if decision == "approve" else intents.refuse_approval(intent)
        )
        decided, types = change
        events += self._books.record(decided, *types, request_id=None, key=None)
        self._books.write()
        return _back_to_shop(decided)


_OVER = "<p>This payment does not wait for anybody (any more).</p>"


def _question(intent: Intent) -> Response:
    if intent.status != "requires_action":
        return page("Nothing to decide", _OVER)
    base = f"/stripe/3ds/{intent.id}"
    order = escape(intent.metadata.get("order_id", ""))
    return page(
        "Approve this payment",
        f"""
        <p class="amount">{escape(_readable(intent))}</p>
        <p>Order <code>{order}</code>, with a simulated card. No money moves.</p>
        <form method="post" action="{base}/approve"><button class="yes">Approve</button></form>
        <form method="post" action="{base}/fail"><button>Refuse</button></form>
        """,
    )


def _back_to_shop(intent: Intent) -> Response:
    if intent.return_url is None:
        return page("Thank you", "<p>You may close this page.</p>")
    answer = urlencode(
        {
            "payment_intent": intent.id,
            "redirect_status": "failed" if intent.failure else "succeeded",
        }
    )
    glue = "&" if "?" in intent.return_url else "?"
    return Response(status=303, headers={"Location": f"{intent.return_url}{glue}{answer}"})


def _readable(intent: Intent) -> str:
    decimals = 0 if intent.currency in WHOLE else 3 if intent.currency in THOUSANDTHS else 2
    return f"{Decimal(intent.amount).scaleb(-decimals):,} {intent.currency.upper()}"
