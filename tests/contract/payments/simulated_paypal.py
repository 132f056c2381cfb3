"""The simulated PayPal inside the test process, with everything it hears and says on record."""

import asyncio
import base64
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra.simulators.http_server import Request, Response, start_server
from infra.simulators.paypal.certificates import CA_FILE, signer_in
from infra.simulators.paypal.site import PayPalSite
from infra.simulators.paypal.webhooks import ALGORITHM, Endpoint, Post, signed_text
from tests.contract.payments.paypal_contract import answer_violations, request_violations
from tests.contract.payments.running import Exchange, Letter, StayHere
from tests.contract.provider_contracts import FOLDER

WEBHOOK_ID = "TESTWEBHOOK"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere())


class SimulatedPayPal:
    """A running simulator. What it hears and says is checked where the contracts are at hand."""

    webhook_id = WEBHOOK_ID

    def __init__(self, *, keys: Path, journal: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.letters: list[Letter] = []
        self.answers: Callable[[Letter], int] = lambda letter: 200
        self.broken_requests: list[str] = []
        self.broken_answers: list[str] = []
        self.port = 0
        self.signer = signer_in(keys)
        self.ca_file = keys / CA_FILE
        self._journal = journal
        self._arrived = threading.Condition()
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def api_base(self) -> str:
        """The address for clients of the API."""
        return f"http://127.0.0.1:{self.port}/paypal"

    def start(self) -> "SimulatedPayPal":
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
        """Forget what happened so far."""
        self.ask("/_reset", "POST")
        self.exchanges.clear()
        self.letters.clear()
        self.answers = lambda letter: 200

    def forgive_requests(self) -> None:
        """Overlook the requests so far that broke the contract: the test meant them to."""
        self.broken_requests.clear()

    def ask(self, path: str, method: str = "GET", document: object = None) -> Any:
        """Ask the simulator itself, below `/paypal`, and give the JSON of its answer."""
        data = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(self.api_base + path, data=data, method=method)
        with OPENER.open(request, timeout=10) as response:
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

    def approve(self, order_id: str, *, wallet: str = "ok") -> None:
        """Be the payer, who agrees with one of their wallets."""
        query = urlencode({"token": order_id, "wallet": wallet})
        self.ask(f"/checkoutnow/approve?{query}", "POST")

    def let(self, happen: str, **about: str) -> None:
        """Have something happen at PayPal: `expire`, `settle`, `reverse` or `dispute`."""
        self.ask(f"/_{happen}?{urlencode(about)}", "POST")

    def by_hand(self, path: str, document: object) -> dict[str, Any]:
        """Change something as somebody at PayPal's own desk would."""
        pair = base64.b64encode(b"by-hand:by-hand-secret").decode()
        form = {"Authorization": f"Basic {pair}"}
        token = self._post("/v1/oauth2/token", b"grant_type=client_credentials", form)
        headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "Content-Type": "application/json",
            "PayPal-Request-Id": f"by-hand-{path}",
            "Prefer": "return=representation",
        }
        return self._post(path, json.dumps(document).encode(), headers)

    def requests_to(self, method: str, path: str) -> list[Request]:
        """Give the requests that were made to a path."""
        return [
            one.request
            for one in self.exchanges
            if (one.request.method, one.request.path) == (method, f"/paypal{path}")
        ]

    def wait_for(self, event_type: str, *, count: int = 1, seconds: float = 10) -> list[Letter]:
        """Give the letters of a type once there are so many."""

        def arrived() -> list[Letter]:
            return [one for one in self.letters if one.event["event_type"] == event_type]

        with self._arrived:
            is_there = self._arrived.wait_for(lambda: len(arrived()) >= count, seconds)
            assert is_there, f"{len(arrived())} webhooks of {event_type} came, not {count}"
            return arrived()

    def headers_for(self, body: bytes, at: datetime) -> dict[str, str]:
        """Sign a message as PayPal would at some time; names are in lower case."""
        time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        for nth in range(100):
            name = f"t-{nth}"
            text = signed_text(name, time, WEBHOOK_ID, body)
            signature = base64.b64encode(self.signer.sign(text)).decode()
            # PayPal's file does not allow for signatures that begin with another sign.
            if signature[0].isalnum():
                break
        return {
            "paypal-auth-algo": ALGORITHM,
            "paypal-cert-url": self.certificate_url,
            "paypal-transmission-id": name,
            "paypal-transmission-sig": signature,
            "paypal-transmission-time": time,
        }

    @property
    def certificate_url(self) -> str:
        """Where the certificate is."""
        return self.api_base + Post(self.signer, base="").certificate_path

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self.api_base + path, data=body, headers=dict(headers))
        with OPENER.open(request, timeout=10) as response:
            return dict(json.load(response))

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        receiver = await start_server(self._receive, host="127.0.0.1", port=0)
        hooks = receiver.sockets[0].getsockname()[1]
        server = await start_server(self._handle, host="127.0.0.1", port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._site = PayPalSite(
            public_url=f"http://127.0.0.1:{self.port}",
            journal=self._journal,
            signer=self.signer,
            endpoint=Endpoint(
                url=f"http://127.0.0.1:{hooks}/hooks", webhook_id=WEBHOOK_ID, types=("*",)
            ),
        )
        work = asyncio.create_task(self._site.run())
        self._ready.set()
        await stopped.wait()
        work.cancel()
        server.close()
        receiver.close()

    async def _receive(self, request: Request) -> Response:
        letter = Letter(body=request.body, headers=dict(request.headers))
        status = self.answers(letter)
        with self._arrived:
            self.letters.append(letter)
            self._arrived.notify_all()
        return Response(status=status)

    async def _handle(self, request: Request) -> Response:
        response: Response | None = None
        try:
            response = await self._site.handle(request)
            return response
        finally:
            if request.path.startswith(("/paypal/v1/", "/paypal/v2/")):
                self._note(Exchange(request=request, response=response))

    def _note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if FOLDER.is_dir():
            self.broken_requests += request_violations(exchange.request)
            if exchange.response is not None:
                self.broken_answers += answer_violations(exchange.request, exchange.response)
