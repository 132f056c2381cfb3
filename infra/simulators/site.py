"""All simulators behind one address."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from infra.simulators.adyen.notices import Endpoint as AdyenEndpoint
from infra.simulators.adyen.site import AdyenSite
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
<td>how often it was called, by second, and how many calls at once</td></tr>
<tr><th scope="row"><a href="/stripe/_faults">/stripe/_faults</a></th>
<td>what goes wrong there now: change it by POST, end it by DELETE</td></tr>
<tr><th scope="row"><a href="/adyen/_books">/adyen/_books</a></th>
<td>what the simulated Adyen holds, by payment</td></tr>
<tr><th scope="row"><a href="/adyen/_calls">/adyen/_calls</a></th>
<td>how often it was called, by second, and how many calls at once</td></tr>
<tr><th scope="row"><a href="/adyen/_faults">/adyen/_faults</a></th>
<td>what goes wrong there now</td></tr>
<tr><th scope="row"><a href="/paypal/_books">/paypal/_books</a></th>
<td>what the simulated PayPal holds, by payment</td></tr>
<tr><th scope="row"><a href="/paypal/_calls">/paypal/_calls</a></th>
<td>how often it was called, by second, and how many calls at once</td></tr>
<tr><th scope="row"><a href="/paypal/_faults">/paypal/_faults</a></th>
<td>what goes wrong there now</td></tr>
</table>
<p class="quiet">The APIs are at <code>/stripe/v1</code>, <code>/adyen/v72</code> and below
<code>/paypal</code>.</p>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdyenPart:
    """What the simulated Adyen is given: the file of its books, and who receives its webhooks."""

    journal: Path | None = None
    endpoint: AdyenEndpoint | None = None


class Site:
    """Sends each request to the simulator it is for."""

    def __init__(
        self,
        *,
        public_url: str,
        mailbox: Path,
        journal: Path | None,
        endpoint: Endpoint | None,
        adyen: AdyenPart | None = None,
        paypal: PayPalSite | None = None,
    ) -> None:
        """Open all simulators; `journal` and `endpoint` are the simulated Stripe's.

        PayPal's is the given one, or one that tells nobody anything.
        """
        adyen = adyen or AdyenPart()
        self.adyen = AdyenSite(
            public_url=public_url, journal=adyen.journal, endpoint=adyen.endpoint
        )
        self.stripe = StripeSite(public_url=public_url, journal=journal, endpoint=endpoint)
        self.paypal = paypal or PayPalSite(public_url=public_url)
        self._places: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "stripe": self.stripe.handle,
            "adyen": self.adyen.handle,
            "paypal": self.paypal.handle,
            "mailbox": MailboxSite(mailbox).handle,
        }

    async def run(self) -> None:
        """Do what is to be done beside answering, until cancelled."""
        async with asyncio.TaskGroup() as work:
            work.create_task(self.stripe.run())
            work.create_task(self.adyen.run())
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
