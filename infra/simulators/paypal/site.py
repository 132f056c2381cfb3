"""The simulated PayPal as a whole: API, approvals, webhooks, faults."""

import asyncio
from pathlib import Path

import msgspec

from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.paypal.api import PayPalApi
from infra.simulators.paypal.approvals import PATH, Approvals
from infra.simulators.paypal.books import Books
from infra.simulators.paypal.certificates import Signer, new_signer
from infra.simulators.paypal.control import Control
from infra.simulators.paypal.happenings import Happenings
from infra.simulators.paypal.objects import Event
from infra.simulators.paypal.refusals import Refusal, internal_error, out_of_order
from infra.simulators.paypal.rendering import Rendering
from infra.simulators.paypal.requests import RequestDesk
from infra.simulators.paypal.settlements import ADDRESS, Settlements
from infra.simulators.paypal.tokens import Tokens
from infra.simulators.paypal.wallets import WALLETS
from infra.simulators.paypal.webhooks import Endpoint, Post
from infra.simulators.sending import Sender
from infra.simulators.settlements import Falsifier

REFUND_FAILS_AFTER_SECONDS = 1.0
VERIFY = "/v1/notifications/verify-webhook-signature"


class PayPalSite:
    """Answers everything below `/paypal`."""

    def __init__(
        self,
        *,
        public_url: str,
        journal: Path | None = None,
        signer: Signer | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        """Open the books, as an earlier process left them; `endpoint` receives what `signer` signs."""
        self._endpoint = endpoint
        self._books = Books(journal, is_announced=endpoint.wants) if endpoint else Books(journal)
        self._mischief = Mischief(out_of_order=out_of_order, internal_error=internal_error)
        self._rendering = Rendering(public_url)
        self._tokens = Tokens()
        self._post = Post(signer or new_signer(), base=self._rendering.base)
        self._desk = RequestDesk(
            routes=PayPalApi(self._books, self._rendering).routes(),
            books=self._books,
            rendering=self._rendering,
            mischief=self._mischief,
            tokens=self._tokens,
        )
        falsifier = Falsifier()
        self._settlements = Settlements(self._books, falsifier)
        self._happenings = Happenings(self._books, self._desk.record)
        self._control = Control(
            books=self._books,
            mischief=self._mischief,
            desk=self._desk,
            tokens=self._tokens,
            happenings=self._happenings,
            falsifier=falsifier,
        )
        self._approvals = Approvals(self._books, self._desk.record)
        self._webhooks: Sender[Event] | None = (
            Sender(
                endpoint.url,
                write=lambda event: self._post.signed(
                    msgspec.json.encode(self._rendering.event(event)), endpoint.webhook_id
                ),
                delivered=lambda event: self._books.delivered(event.id),
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
        path = request.path.removeprefix("/paypal")
        events: list[Event] = []
        try:
            if path.startswith("/_"):
                if path == "/_reset" and self._webhooks is not None:
                    await self._webhooks.forget_all()
                return self._control.take(request, path[2:], events)
            if path.startswith(PATH):
                return self._approvals.take(request, path, events)
            if path.startswith("/v1/notifications/"):
                return self._about_messages(request, path)
            if (request.method, path) == ("GET", ADDRESS):
                return await self._search(request)
            return await self._desk.take(request, path, events)
        finally:
            # Also when the answer is lost: the work is done.
            await self._announce(events)

    def _about_messages(self, request: Request, path: str) -> Response:
        """Show the certificate to anybody, and verify messages for who has a token."""
        try:
            self._mischief.before_anything()
            if request.method == "GET" and path == self._post.certificate_path:
                return Response(body=self._post.certificate, content_type="application/x-pem-file")
            if request.method == "POST" and path == VERIFY:
                self._tokens.insist(request.headers)
                return _json(200, self._post.verify(request.body))
        except Refusal as refusal:
            return _json(refusal.status, {"message": "Simulated.", **refusal.as_json()})
        return _json(404, {})

    async def _search(self, request: Request) -> Response:
        """Show what moved the balance to who has a token."""
        try:
            self._mischief.before_anything()
            self._tokens.insist(request.headers)
            await self._mischief.wait()
            self._mischief.before_work()
            found = self._settlements.search(request)
            self._mischief.before_answer()
            return _json(200, found)
        except Refusal as refusal:
            return _json(refusal.status, refusal.as_json())

    async def _announce(self, events: list[Event]) -> None:
        for event in events:
            if event.type == "PAYMENT.CAPTURE.REFUNDED":
                self._plan_failure(str(event.resource["id"]))
        wanted = [event for event in events if self._endpoint and self._endpoint.wants(event.type)]
        if wanted and self._webhooks is not None:
            await self._webhooks.announce(wanted)

    def _plan_failure(self, name: str) -> None:
        """Have a refund to a wallet that takes none fail a little later."""
        order = self._books.order_with(name)
        if order is not None and WALLETS[order.wallet].refunds_fail_later:
            loop = asyncio.get_running_loop()
            loop.call_later(
                REFUND_FAILS_AFTER_SECONDS, lambda: loop.create_task(self._fail_refund(name))
            )

    async def _fail_refund(self, name: str) -> None:
        await self._announce(self._happenings.fail_refund(name))


def _json(status: int, document: object) -> Response:
    return Response(
        status=status, body=msgspec.json.encode(document), content_type="application/json"
    )
