"""All simulators behind one address."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from infra.simulators.http_server import Request, Response
from infra.simulators.mailbox.site import MailboxSite
from infra.simulators.pages import page
from infra.simulators.paypal.site import PayPalSite
from infra.simulators.stripe.site import StripeSite
from infra.simulators.stripe.webhooks import Endpoint

_INDEX = """
<p>Stand-ins for the outside world. Nothing here moves money or leaves this machine.</p>
<table>
<tr><th scope="row"><a href="/mailbox">/mailbox</a></th><td>the mail that was sent</td></tr>
<tr><th scope="row"><a href="/stripe/_books">/stripe/_books</a></th>
<td>what the simulated Stripe holds, by payment</td></tr>
<tr><th scope="row"><a href="/stripe/_calls">/stripe/_calls</a></th>
<td>how often it was called, by second</td></tr>
<tr><th scope="row"><a href="/stripe/_faults">/stripe/_faults</a></th>
<td>what goes wrong there now: change it by POST, end it by DELETE</td></tr>
<tr><th scope="row"><a href="/paypal/_books">/paypal/_books</a></th>
<td>what the simulated PayPal holds, by payment</td></tr>
<tr><th scope="row"><a href="/paypal/_calls">/paypal/_calls</a></th>
<td>how often it was called, by second</td></tr>
<tr><th scope="row"><a href="/paypal/_faults">/paypal/_faults</a></th>
<td>what goes wrong there now: change it by POST, end it by DELETE</td></tr>
</table>
<p class="quiet">The API of the simulated Stripe is at <code>/stripe/v1</code>, that of the simulated
PayPal at <code>/paypal</code>.</p>
"""


class Site:
    """Sends each request to the simulator it is for."""

    def __init__(
        self,
        *,
        public_url: str,
        mailbox: Path,
        journal: Path | None,
        endpoint: Endpoint | None,
        paypal: PayPalSite | None = None,
    ) -> None:
        """Open all simulators; PayPal's is the given one, or one that tells nobody anything."""
        self.stripe = StripeSite(public_url=public_url, journal=journal, endpoint=endpoint)
        self.paypal = paypal or PayPalSite(public_url=public_url)
        self._places: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "stripe": self.stripe.handle,
            "paypal": self.paypal.handle,
            "mailbox": MailboxSite(mailbox).handle,
        }

    async def run(self) -> None:
        """Do what is to be done beside answering, until cancelled."""
        async with asyncio.TaskGroup() as work:
            work.create_task(self.stripe.run())
            work.create_task(self.paypal.run())

    async def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CutConnection: a fault wants no answer.
        """
        place = self._places.get(request.path.split("/")[1] if "/" in request.path else "")
        if place is not None:
            return await place(request)
        if request.path == "/healthz":
            return Response(body=b'{"status":"ok"}', content_type="application/json")
        if request.path == "/":
            return page("Simulators", _INDEX)
        return page("Not found", '<p>See the <a href="/">list of simulators</a>.</p>', status=404)
