"""The simulated Stripe as a whole: API, approvals, webhooks, faults."""

import asyncio
from pathlib import Path

import msgspec

from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.sending import Sender
from infra.simulators.settlements import Falsifier
from infra.simulators.stripe import refunds
from infra.simulators.stripe.api import StripeApi
from infra.simulators.stripe.approvals import Approvals
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.control import Control
from infra.simulators.stripe.objects import Event, Refund
from infra.simulators.stripe.refusals import internal_error, out_of_order
from infra.simulators.stripe.rendering import Rendering
from infra.simulators.stripe.requests import RequestDesk
from infra.simulators.stripe.settlements import Settlements
from infra.simulators.stripe.webhooks import Endpoint, signed

REFUND_GOES_ON_AFTER_SECONDS = 1.0


class StripeSite:
    """Answers everything below `/stripe`."""

    def __init__(self, *, public_url: str, journal: Path | None, endpoint: Endpoint | None) -> None:
        """Open the books, as an earlier process left them; `endpoint` receives the webhooks."""
        self._endpoint = endpoint
        self._books = Books(journal, is_announced=endpoint.wants) if endpoint else Books(journal)
        self._mischief = Mischief(out_of_order=out_of_order, internal_error=internal_error)
        rendering = Rendering(public_url)
        falsifier = Falsifier()
        settlements = Settlements(self._books, rendering, falsifier)
        self._api = StripeApi(self._books, rendering, settlements)
        self._desk = RequestDesk(
            routes=self._api.routes(),
            books=self._books,
            rendering=rendering,
            mischief=self._mischief,
        )
        self._control = Control(
            books=self._books, mischief=self._mischief, desk=self._desk, falsifier=falsifier
        )
        self._approvals = Approvals(self._books)
        self._webhooks = (
            Sender(
                endpoint.url,
                write=lambda event: signed(
                    msgspec.json.encode(self._api.event(event)), endpoint.secret
                ),
                delivered=self._delivered,
                mischief=self._mischief,
            )
            if endpoint
            else None
        )

    async def run(self) -> None:
        """Send webhooks until cancelled; without an endpoint, do nothing until then."""
        if self._webhooks is None:
            await asyncio.Event().wait()
        else:
            # Beginning with what an earlier process could not deliver.
            await self._webhooks.run(list(self._books.undelivered.values()))

    async def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CutConnection: a fault wants no answer.
        """
        path = request.path.removeprefix("/stripe")
        events: list[Event] = []
        try:
            if path.startswith("/_"):
                if path == "/_reset" and self._webhooks is not None:
                    await self._webhooks.forget_all()
                return self._control.take(request, path[2:], events)
            if path.startswith("/3ds/"):
                return self._approvals.take(request, path, events)
            return await self._desk.take(request, path, events)
        finally:
            # Also when the answer is lost: the work is done.
            await self._announce(events)

    async def _announce(self, events: list[Event]) -> None:
        for event in events:
            if event.type == "refund.created" and isinstance(event.subject, Refund):
                self._plan_end(event.subject)
        wanted = [event for event in events if self._endpoint and self._endpoint.wants(event.type)]
        if wanted and self._webhooks is not None:
            await self._webhooks.announce(wanted)

    def _delivered(self, event: Event) -> None:
        self._books.delivered(event.id)
        self._books.write()

    def _plan_end(self, refund: Refund) -> None:
        """Have a refund that is pending, or goes to a card that takes none, end a little later, as at Stripe."""
        if refunds.goes_on(refund, self._books.intents[refund.payment_intent]):
            loop = asyncio.get_running_loop()
            loop.call_later(
                REFUND_GOES_ON_AFTER_SECONDS,
                lambda: loop.create_task(self._end(refund.id)),
            )

    async def _end(self, name: str) -> None:
        refund = self._books.refunds.get(name)
        if refund is None:
            return
        intent = self._books.intents[refund.payment_intent]
        if not refunds.goes_on(refund, intent):
            return
        ended, intent, types = refunds.gone_on(refund, intent)
        self._books.record(intent, request_id=None, key=None)
        events = self._books.record(ended, *types, request_id=None, key=None)
        self._books.write()
        await self._announce(events)
