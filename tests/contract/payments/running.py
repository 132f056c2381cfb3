"""A simulator inside the test process, with everything it hears and says on record."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from infra.simulators.http_server import Request, Response, start_server
from infra.simulators.site import Site
from tests.contract.provider_contracts import FOLDER
from tests.waiting import wait_until

Check = Callable[[Request], list[str]]
AnswerCheck = Callable[[Request, Response], list[str]]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request to the API and its answer; None when the connection was cut instead."""

    request: Request
    response: Response | None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A webhook as its receiver got it."""

    body: bytes
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        """What the body says."""
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """Whoever gets the webhooks: takes note of them, and answers as told."""

    kind_of: Callable[[Letter], str]
    answers: Callable[[Letter], int] = lambda letter: 200
    letters: list[Letter] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    async def handle(self, request: Request) -> Response:
        """Take a webhook."""
        letter = Letter(body=request.body, headers=dict(request.headers))
        status = self.answers(letter)
        with self._arrived:
            self.letters.append(letter)
            self._arrived.notify_all()
        return Response(status=status)

    def wait_for(self, event_type: str, *, count: int = 1, seconds: float = 10) -> list[Letter]:
        """Give the letters of a type once there are so many."""

        def arrived() -> list[Letter]:
            return [letter for letter in self.letters if self.kind_of(letter) == event_type]

        with self._arrived:
            is_there = self._arrived.wait_for(lambda: len(arrived()) >= count, seconds)
            assert is_there, f"{len(arrived())} webhooks of {event_type} came, not {count}"
            return arrived()


class RunningSimulator:
    """A running simulator. What it hears and says is checked where the contracts are at hand.

    `place` is where it is below the address of all simulators, `apis` where its APIs begin
    below that. `open_site` makes the simulators, given their address and that of the receiver of webhooks.
    """

    def __init__(
        self,
        *,
        place: str,
        apis: tuple[str, ...],
        kind_of: Callable[[Letter], str],
        open_site: Callable[[str, str], Site],
        checks: tuple[Check, AnswerCheck],
    ) -> None:
        self.exchanges: list[Exchange] = []
        self.receiver = Receiver(kind_of=kind_of)
        self._unchecked: list[Exchange] = []
        self._broken_requests: list[str] = []
        self._broken_answers: list[str] = []
        self.port = 0
        self._under_way = 0
        self._place = place
        self._apis = tuple(f"{place}{api}/" for api in apis)
        self._open_site = open_site
        self._check_request, self._check_answer = checks
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def base(self) -> str:
        """The address of everything that belongs to this provider."""
        return f"http://127.0.0.1:{self.port}{self._place}"

    def start(self) -> Self:
        """Begin to serve on a free port."""
        self._thread.start()
        assert self._ready.wait(10), "the simulator did not start"
        return self

    def stop(self) -> None:
        """End, and insist that nothing broke the contract."""
        self._stop()
        self._thread.join(10)
        assert self.broken_requests == []
        assert self.broken_answers == []

    def begin_anew(self) -> None:
        """Empty the books and the record, end the faults."""
        # A call whose caller gave up is worked on all the same, and would turn up in the new books.
        self.ask("/_faults", "DELETE")
        wait_until(lambda: not self._under_way)
        self.ask("/_reset", "POST")
        self.exchanges.clear()
        self.receiver.letters.clear()
        self.receiver.answers = lambda letter: 200

    @property
    def broken_requests(self) -> list[str]:
        """What was wrong with requests so far, and not forgiven."""
        self._check()
        return self._broken_requests

    @property
    def broken_answers(self) -> list[str]:
        """What was wrong with answers so far."""
        self._check()
        return self._broken_answers

    def forgive_requests(self) -> None:
        """Overlook the requests so far that broke the contract: the test meant them to."""
        self.broken_requests.clear()

    def ask(self, path: str, method: str = "GET", document: object = None) -> Any:
        """Ask the simulator itself, and give the JSON of its answer."""
        with self.open(path, method, document) as response:
            body = response.read()
        return json.loads(body) if body.startswith((b"{", b"[")) else None

    def open(self, path: str, method: str = "GET", document: object = None) -> Any:
        """Ask the simulator itself, and give its answer; redirections are not followed."""
        data = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(self.base + path, data=data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere())
        return opener.open(request, timeout=10)

    @contextmanager
    def faults(self, **wanted: object) -> Iterator[None]:
        """Have these faults inside the block."""
        self.ask("/_faults", "POST", wanted)
        try:
            yield
        finally:
            self.ask("/_faults", "DELETE")

    def has_payment(self, payment_id: object) -> bool:
        """Say whether the books know a payment."""
        return bool(self.ask(f"/_books?payment_id={payment_id}")["payments"])

    def payment(self, payment_id: object) -> dict[str, Any]:
        """Give what the books hold for a payment."""
        (found,) = self.ask(f"/_books?payment_id={payment_id}")["payments"]
        return dict(found)

    def requests_to(self, method: str, path: str) -> list[Request]:
        """Give the requests that were made to a path."""
        return [
            one.request
            for one in self.exchanges
            if (one.request.method, one.request.path) == (method, f"{self._place}{path}")
        ]

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        receiver = await start_server(self.receiver.handle, host="127.0.0.1", port=0)
        hooks = receiver.sockets[0].getsockname()[1]
        server = await start_server(self._handle, host="127.0.0.1", port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._site = self._open_site(
            f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{hooks}/hooks"
        )
        work = asyncio.create_task(self._site.run())
        self._ready.set()
        await stopped.wait()
        work.cancel()
        server.close()
        receiver.close()

    async def _handle(self, request: Request) -> Response:
        if not request.path.startswith(self._apis):
            return await self._site.handle(request)
        response: Response | None = None
        self._under_way += 1
        try:
            response = await self._site.handle(request)
            return response
        finally:
            self._note(Exchange(request=request, response=response))
            self._under_way -= 1

    def _note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if FOLDER.is_dir():
            self._unchecked.append(exchange)

    def _check(self) -> None:
        """Hold what was heard and said against the contracts: later, for to read these takes seconds at first.

        Nobody would wait that long for an answer.
        """
        while self._unchecked:
            exchange = self._unchecked.pop(0)
            self._broken_requests += self._check_request(exchange.request)
            if exchange.response is not None:
                self._broken_answers += self._check_answer(exchange.request, exchange.response)


HELD_MS = 60_000
"""A latency that holds every call until the faults are ended."""


class StayHere(urllib.request.HTTPRedirectHandler):
    """The shop's page to which a customer is sent back does not exist in these tests."""

    def http_error_303(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> Any:
        return fp
