"""What Adyen's SDK could do to our requests, and must not: wrong addresses, odd answers, what it tells."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.payments.adapters.adyen.checkout import open_checkout, send
from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.adyen.transport import AdyenTransport
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayMisused, GatewayUnavailable, OutcomeUnknown
from infra.simulators.http_server import Request, Response, start_server
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen

LIVE = "https://1797a841fbb37ca7-Shop-checkout-live.adyenpayments.com/checkout/v72"
TEST = "https://checkout-test.adyen.com/v72"
AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE


class Noting:
    """A transport that only takes down where the SDK wants to go."""

    user_agent = "noted"

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.headers: list[dict[str, str]] = []

    def request(
        self, method: str, url: str, **more: Any
    ) -> tuple[str, object, int, dict[str, str]]:
        self.urls.append(url)
        self.headers.append(more["headers"])
        return "{}", {}, 200, {}


class TestTheAddress:
    @pytest.mark.parametrize("base", [LIVE, TEST, "http://127.0.0.1:9/adyen/v72"])
    def test_is_the_one_that_was_set(self, base: str) -> None:
        noting = Noting()
        checkout = open_checkout(noting, api_base=base, api_key="k")  # type: ignore[arg-type]

        send(checkout.payments_api.payments, {}, key="k1")
        capture = checkout.modifications_api.capture_authorised_payment
        send(capture, {}, "a/b?c", key="k2")

        assert noting.urls == [f"{base}/payments", f"{base}/payments/a%2Fb%3Fc/captures"]
        assert [one["Idempotency-Key"] for one in noting.headers] == ["k1", "k2"]

    def test_cannot_be_written_anew_by_the_sdk(self) -> None:
        # With "-live" in it the SDK takes it for a live one, and writes "-live" for "-test".
        base = "http://127.0.0.1:9/a-live-and-test/v72"
        transport = AdyenTransport(api_base=base, connect_seconds=1, read_seconds=1)
        checkout = open_checkout(transport, api_base=base, api_key="k")
        with pytest.raises(GatewayMisused, match="not for the address"):
            send(checkout.payments_api.payments, {}, key="k")


class Odd:
    """A server that gives one answer to everything."""

    def __init__(self) -> None:
        self.status, self.body, self.port = 200, b"", 0
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._stop()
        self._thread.join(10)

    async def _answer(self, request: Request) -> Response:
        return Response(status=self.status, body=self.body, content_type="application/json")

    async def _serve(self) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        server = await start_server(self._answer, host="127.0.0.1", port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await stopped.wait()
        server.close()


@pytest.fixture(scope="module")
def odd() -> Iterator[Odd]:
    server = Odd()
    server.start()
    yield server
    server.stop()


DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000


class TestAnOddAnswer:
    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b'"x"', b"null", b"<html>", b"{\xff", b'{"a":"\xff"}', b"{}", DEEP,
         b'{"a":' + b"9" * 5000 + b"}"],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", [AUTHORIZE, CAPTURE])
    @pytest.mark.parametrize("status", [200, 201, 203])
    def test_that_says_nothing_leaves_the_outcome_open(
        self, odd: Odd, kind: OperationKind, body: bytes, status: int
    ) -> None:
        odd.status, odd.body = status, body
        with pytest.raises(OutcomeUnknown):
            gateway(odd).perform(make_call(kind, authorization="PSP"))

    @pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"{}", b'{"errorCode":7}'])
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (302, GatewayMisused),
            (400, GatewayMisused),
            (404, GatewayMisused),
            (422, GatewayMisused),
            (401, GatewayUnavailable),
            (403, GatewayUnavailable),
            (429, GatewayUnavailable),
            (500, OutcomeUnknown),
            (503, OutcomeUnknown),
        ],
    )
    def test_is_judged_by_its_status(
        self, odd: Odd, status: int, error: type[Exception], body: bytes
    ) -> None:
        odd.status, odd.body = status, body
        with pytest.raises(error):
            gateway(odd).perform(make_call())


def gateway(odd: Odd) -> AdyenGateway:
    return AdyenGateway(
        api_key="k",
        api_base=f"http://127.0.0.1:{odd.port}/v72/",
        merchant_account=MERCHANT,
        hmac_key=KEY,
    )


class TestTheSdk:
    def test_names_itself_and_nothing_else(
        self, adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen
    ) -> None:
        adyen_gateway.perform(make_call(token="stored_card_authorised"))

        (request,) = adyen_simulator.requests_to("POST", "/v72/payments")
        assert request.headers["user-agent"].startswith("adyen-python-api-library/")
        assert request.headers["x-api-key"] == "key_of_the_contract_tests"

    def test_does_not_tell_what_was_sent(self, odd: Odd) -> None:
        odd.status, odd.body = 422, b'{"errorCode":"14_006","message":"token-of-the-customer"}'
        with pytest.raises(GatewayMisused) as caught:
            gateway(odd).perform(make_call(token="token-of-the-customer"))
        assert "token-of-the-customer" not in str(caught.value)
        assert caught.value.__cause__ is caught.value.__context__ is None

    def test_is_not_loaded_before_it_is_used(self) -> None:
        code = "import django, sys; django.setup(); sys.exit('Adyen' in sys.modules)"
        ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
        assert ended.returncode == 0
