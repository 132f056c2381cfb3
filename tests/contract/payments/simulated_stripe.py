"""The simulated Stripe inside the test process, with everything it hears and says on record."""

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.simulators.http_server import Request, Response, start_server
from infra.simulators.site import Site
from infra.simulators.stripe.webhooks import Endpoint
from tests.contract.payments.stripe_contract import answer_violations, request_violations
from tests.contract.provider_contracts import FOLDER

SECRET = "whsec_of_the_tests"


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
            return [letter for letter in self.letters if letter.event["type"] == event_type]

        with self._arrived:
            is_there = self._arrived.wait_for(lambda: len(arrived()) >= count, seconds)
            assert is_there, f"{len(arrived())} webhooks of {event_type} came, not {count}"
            return arrived()


class SimulatedStripe:
    """A running simulator. What it hears and says is checked where the contracts are at hand."""

    def __init__(self, *, types: tuple[str, ...] = ("*",), journal: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.receiver = Receiver()
        self.broken_requests: list[str] = []
        self.broken_answers: list[str] = []
        self.port = 0
        self._types = types
        self._journal = journal
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def api_base(self) -> str:
        """The address for clients of the API."""
        return f"http://127.0.0.1:{self.port}/stripe"

    def start(self) -> "SimulatedStripe":
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

    def forgive_requests(self) -> None:
        """Overlook the requests so far that broke the contract: the test meant them to."""
        self.broken_requests.clear()

    def ask(self, path: str, method: str = "GET", document: object = None) -> Any:
        """Ask the simulator itself, below `/stripe`, and give the JSON of its answer."""
        data = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(self.api_base + path, data=data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere())
        with opener.open(request, timeout=10) as response:
            body = response.read()
        return json.loads(body) if body.startswith((b"{", b"[")) else None

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

    def decide(self, intent_id: str, decision: str) -> None:
        """Be the holder of the card: `approve` or `fail`."""
        self.ask(f"/3ds/{intent_id}/{decision}", "POST")

    def refund_by_hand(self, intent_id: str) -> str:
        """Refund all of a payment as somebody at Stripe's own desk would; returns its name."""
        request = urllib.request.Request(
            f"{self.api_base}/v1/refunds",
            data=f"payment_intent={intent_id}".encode(),
            headers={"Authorization": "Bearer sk_test_by_hand", "Idempotency-Key": intent_id},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return str(json.load(response)["id"])

    def requests_to(self, method: str, path: str) -> list[Request]:
        """Give the requests that were made to a path."""
        return [
            one.request
            for one in self.exchanges
            if (one.request.method, one.request.path) == (method, f"/stripe{path}")
        ]

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        receiver = await start_server(self.receiver.handle, host="127.0.0.1", port=0)
        hooks = receiver.sockets[0].getsockname()[1]
        server = await start_server(self._handle, host="127.0.0.1", port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._site = Site(
            public_url=f"http://127.0.0.1:{self.port}",
            mailbox=Path("/nowhere"),
            journal=self._journal,
            endpoint=Endpoint(
                url=f"http://127.0.0.1:{hooks}/hooks", secret=SECRET, types=self._types
            ),
        )
        work = asyncio.create_task(self._site.run())
        self._ready.set()
        await stopped.wait()
        work.cancel()
        server.close()
        receiver.close()

    async def _handle(self, request: Request) -> Response:
        response: Response | None = None
        try:
            response = await self._site.handle(request)
            return response
        finally:
            if request.path.startswith("/stripe/v1/"):
                self._note(Exchange(request=request, response=response))

    def _note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if FOLDER.is_dir():
            self.broken_requests += request_violations(exchange.request)
            if exchange.response is not None:
                self.broken_answers += answer_violations(exchange.request, exchange.response)


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that is about to happen."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class StayHere(urllib.request.HTTPRedirectHandler):
    """The shop's page to which a customer is sent back does not exist in these tests."""

    def http_error_303(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> Any:
        return fp
