"""The simulated Adyen as a whole: API, approvals, webhooks, faults."""

import asyncio
from pathlib import Path

from infra.simulators.adyen.approvals import Approvals
from infra.simulators.adyen.books import Books
from infra.simulators.adyen.control import Control
from infra.simulators.adyen.modifications import Modifications
from infra.simulators.adyen.notices import Endpoint, letter_of
from infra.simulators.adyen.objects import Notice
from infra.simulators.adyen.payments import Payments
from infra.simulators.adyen.refusals import internal_error, out_of_order
from infra.simulators.adyen.reports import PLACE, Reports
from infra.simulators.adyen.requests import RequestDesk
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.sending import Sender
from infra.simulators.settlements import Falsifier

TURNS_AFTER_SECONDS = 1.0
REPORTS_EVERY_SECONDS = 5.0
"""Adyen makes a report when the day is over; nobody who tries the platform out waits for that."""


class AdyenSite:
    """Answers everything below `/adyen`."""

    def __init__(self, *, public_url: str, journal: Path | None, endpoint: Endpoint | None) -> None:
        """Open the books, as an earlier process left them; `endpoint` receives the webhooks."""
        self._books = Books(journal)
        self._mischief = Mischief(out_of_order=out_of_order, internal_error=internal_error)
        payments = Payments(self._books, public_url=public_url)
        self._modifications = Modifications(self._books)
        self._desk = RequestDesk(
            books=self._books,
            payments=payments,
            modifications=self._modifications,
            mischief=self._mischief,
        )
        falsifier = Falsifier()
        self._reports = Reports(self._books, falsifier, public_url=public_url)
        self._control = Control(
            books=self._books,
            payments=payments,
            modifications=self._modifications,
            mischief=self._mischief,
            desk=self._desk,
            reports=self._reports,
            falsifier=falsifier,
        )
        self._approvals = Approvals(self._books, payments)
        self._webhooks: Sender[Notice] | None = None
        if endpoint is not None:
            self._webhooks = Sender(
                endpoint.url,
                write=lambda notice: letter_of(notice, endpoint),
                delivered=self._delivered,
                mischief=self._mischief,
            )

    async def run(self) -> None:
        """Send webhooks until cancelled; without an endpoint, do nothing until then."""
        if self._webhooks is None:
            await asyncio.Event().wait()
            return
        async with asyncio.TaskGroup() as work:
            # Beginning with what an earlier process could not deliver.
            work.create_task(self._webhooks.run(list(self._books.undelivered.values())))
            work.create_task(self._announce_reports())

    async def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CutConnection: a fault wants no answer.
        """
        path = request.path.removeprefix("/adyen")
        news: list[Notice] = []
        try:
            if path.startswith("/3ds/"):
                return self._approvals.take(request, path)
            if path.startswith(PLACE):
                return self._reports.take(request, path)
            if not path.startswith("/_"):
                return await self._desk.take(request, path, news)
            if path == "/_reset" and self._webhooks is not None:
                await self._webhooks.forget_all()
            return self._control.take(request, path[2:], news)
        finally:
            # Also when the answer is lost: the work is done.
            await self._tell(news)

    async def _tell(self, news: list[Notice]) -> None:
        for notice in news:
            if self._modifications.fate_of(notice) is not None:
                self._plan_turn(notice)
        if news and self._webhooks is not None:
            await self._webhooks.announce(news)

    async def _announce_reports(self) -> None:
        while True:
            await asyncio.sleep(REPORTS_EVERY_SECONDS)
            await self._tell(self._reports.announce_due())

    def _plan_turn(self, notice: Notice) -> None:
        """Have a capture or refund that will not last fail a little later, as at Adyen."""
        loop = asyncio.get_running_loop()
        loop.call_later(TURNS_AFTER_SECONDS, lambda: loop.create_task(self._turn(notice)))

    async def _turn(self, notice: Notice) -> None:
        later = self._modifications.turn(notice)
        if later is not None:
            self._books.write()
            await self._tell([later])

    def _delivered(self, notice: Notice) -> None:
        self._books.delivered(notice)
        self._books.write()
