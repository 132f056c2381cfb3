"""The simulated PayPal inside the test process."""

import base64
import json
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra.simulators.paypal.certificates import CA_FILE, signer_in
from infra.simulators.paypal.site import PayPalSite
from infra.simulators.paypal.webhooks import ALGORITHM, Endpoint, Post, signed_text
from infra.simulators.site import Site
from tests.contract.payments.paypal_contract import answer_violations, request_violations
from tests.contract.payments.running import RunningSimulator, StayHere

WEBHOOK_ID = "TESTWEBHOOK"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere())


class SimulatedPayPal(RunningSimulator):
    """A running PayPal. What it hears and says is checked where the contracts are at hand."""

    webhook_id = WEBHOOK_ID

    def __init__(self, *, keys: Path, journal: Path | None = None) -> None:
        self.signer = signer_in(keys)
        self.ca_file = keys / CA_FILE
        super().__init__(
            place="/paypal",
            apis=("/v1", "/v2"),
            kind_of=lambda letter: str(letter.event["event_type"]),
            open_site=lambda address, hooks: Site(
                public_url=address,
                mailbox=Path("/nowhere"),
                journal=None,
                endpoint=None,
                paypal=PayPalSite(
                    public_url=address,
                    journal=journal,
                    signer=self.signer,
                    endpoint=Endpoint(url=hooks, webhook_id=WEBHOOK_ID, types=("*",)),
                ),
            ),
            checks=(request_violations, answer_violations),
        )

    @property
    def api_base(self) -> str:
        """The address for clients of the API."""
        return self.base

    def approve(self, order_id: str, *, wallet: str = "ok") -> None:
        """Be the payer, who agrees with one of their wallets."""
        query = urlencode({"token": order_id, "wallet": wallet})
        self.ask(f"/checkoutnow/approve?{query}", "POST")

    def let(self, happen: str, **about: str) -> None:
        """Have something happen at PayPal, such as `expire`, `settle`, `reverse` or `dispute`."""
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
