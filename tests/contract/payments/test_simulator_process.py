"""The simulators as a process of their own: started by command, killed, started again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Accepted, Done, GatewayUnavailable
from infra.local.ports import FIRST_SIMULATORS_PORT, Ports
from tests.contract.payments.conftest import make_call

PROJECT = Path(__file__).resolve().parents[3]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process:
    """`python -m infra.simulators`, with its books in a folder."""

    def __init__(self, folder: Path) -> None:
        # Kept until the end: it is to be found free again after a kill.
        self._ports = Ports()
        self.port = self._ports.claim_from(FIRST_SIMULATORS_PORT + 1000)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            **os.environ,
            "OMS_HOME": str(self._folder),
            "OMS_MAILBOX_DIR": str(self._folder / "mailbox"),
            "OMS_SIMULATORS_URL": "",
            "OMS_BASE_URL": "",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.simulators", "--port", str(self.port)],
            cwd=PROJECT,
            env=environment,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.get("/healthz") == '{"status":"ok"}':
                    return
            except urllib.error.URLError:
                time.sleep(0.05)
        raise TimeoutError("the simulators did not start")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and give the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(10)

    def release(self) -> None:
        """Give the port back."""
        self._ports.release()

    def get(self, path: str) -> str:
        """Read a page."""
        with OPENER.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
            return str(response.read().decode())


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """A running process, ended after the test."""
    process = Process(tmp_path)
    process.start()
    yield process
    process.end(signal.SIGKILL)
    process.release()


class TestAKilledSimulator:
    def test_comes_back_with_its_books(self, process: Process) -> None:
        gateway = StripeGateway(
            api_key="sk_test_contract",
            api_base=f"http://127.0.0.1:{process.port}/stripe",
            webhook_secret="whsec_1",
        )
        calls = [make_call() for _ in range(3)]
        before = [gateway.perform(call) for call in calls]

        process.end(signal.SIGKILL)
        with pytest.raises(GatewayUnavailable):
            gateway.perform(make_call())
        process.start()

        assert [gateway.perform(call) for call in calls] == before
        assert isinstance(before[0], Done)
        capture = make_call(OperationKind.CAPTURE, of=calls[0], authorization=before[0].reference)
        assert isinstance(gateway.perform(capture), Done)
        payments = json.loads(process.get("/stripe/_books"))["payments"]
        assert sorted(one["captured"] for one in payments) == [0, 0, 12990]
        assert [one["live_authorizations"] for one in payments].count(1) == 2

    def test_comes_back_with_the_books_of_adyen(self, process: Process) -> None:
        gateway = AdyenGateway(
            api_key="key",
            api_base=f"http://127.0.0.1:{process.port}/adyen/v72",
            merchant_account="Shop",
            hmac_key="00",
        )
        call = make_call(token="stored_card_authorised")
        before = gateway.perform(call)

        process.end(signal.SIGKILL)
        process.start()

        assert gateway.perform(call) == before
        assert isinstance(before, Done)
        capture = make_call(OperationKind.CAPTURE, of=call, authorization=before.reference)
        assert isinstance(gateway.perform(capture), Accepted)
        (payment,) = json.loads(process.get("/adyen/_books"))["payments"]
        assert (payment["captured"], payment["live_authorizations"]) == (12990, 0)

    def test_drops_a_line_that_was_cut_short(self, process: Process, tmp_path: Path) -> None:
        gateway = StripeGateway(
            api_key="sk_test_contract",
            api_base=f"http://127.0.0.1:{process.port}/stripe",
            webhook_secret="whsec_1",
        )
        call = make_call()
        first = gateway.perform(call)
        process.end(signal.SIGKILL)
        journal = tmp_path / "simulators" / "stripe.jsonl"
        with journal.open("ab") as file:
            file.write(b'{"type":"change","subj')

        process.start()

        assert gateway.perform(call) == first
        assert all(json.loads(line) for line in journal.read_bytes().splitlines())


class TestAKilledPayPal:
    def test_comes_back_with_its_books_and_its_keys(self, process: Process, tmp_path: Path) -> None:
        base = f"http://127.0.0.1:{process.port}/paypal"
        gateway = PayPalGateway(
            client_id="process-client",
            client_secret="process-client-secret",
            api_base=base,
            webhook_id="W1",
            certificate_base=f"{base}/",
            ca_file=tmp_path / "simulators" / "paypal" / "ca.pem",
        )
        vouching = (tmp_path / "simulators" / "paypal" / "ca.pem").read_bytes()
        call = make_call(token="vault-ok")
        before = gateway.perform(call)
        assert isinstance(before, Done)

        process.end(signal.SIGKILL)
        process.start()

        assert gateway.perform(call) == before
        capture = make_call(OperationKind.CAPTURE, of=call, authorization=before.reference)
        assert isinstance(gateway.perform(capture), Done)
        (payment,) = json.loads(process.get("/paypal/_books"))["payments"]
        assert (payment["captured"], payment["order_id"]) == (12990, str(call.order_id))
        assert (tmp_path / "simulators" / "paypal" / "ca.pem").read_bytes() == vouching


class TestTheCommand:
    def test_ends_in_order_when_told_to(self, process: Process) -> None:
        process.get("/")

        assert process.end(signal.SIGTERM) == 0

    def test_shows_its_pages(self, process: Process) -> None:
        assert "/stripe/_books" in process.get("/")
        assert "/adyen/_books" in process.get("/")
        assert "/paypal/_books" in process.get("/")
        assert "Nothing here yet" in process.get("/mailbox")
        assert json.loads(process.get("/mailbox/messages.json")) == {"total": 0, "messages": []}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            process.get("/nothing")
