"""A client of PayPal's API that knows nothing of our adapter, nor of PayPal's SDK."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any

from tests.contract.payments.simulated_paypal import OPENER, SimulatedPayPal

ORDERS = "/v2/checkout/orders"


class Client:
    """Sends plain requests, and gives status and document of the answers."""

    def __init__(self, simulator: SimulatedPayPal) -> None:
        self._base = simulator.api_base
        pair = base64.b64encode(b"foreign-client:foreign-secret").decode()
        _, granted = self._send(
            "/v1/oauth2/token", b"grant_type=client_credentials", {"Authorization": f"Basic {pair}"}
        )
        self._token = granted["access_token"]

    def post(self, path: str, document: object, key: str = "", **headers: str) -> tuple[int, Any]:
        """Change something."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {**({"PayPal-Request-Id": key} if key else {}), **named}
        body = b"" if document is None else json.dumps(document).encode()
        return self._send(path, body, {"Content-Type": "application/json", **self._own(), **given})

    def get(self, path: str) -> Any:
        """Read something."""
        return self._send(path, None, self._own())[1]

    def _own(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        request = urllib.request.Request(self._base + path, data=body, headers=headers)
        try:
            with OPENER.open(request, timeout=10) as response:
                said = response.read()
                return response.status, json.loads(said) if said else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


def order(wallet: str = "", value: str = "10.00", **unit: Any) -> dict[str, Any]:
    """Describe an order of ten euros."""
    paypal: dict[str, Any] = {"vault_id": wallet} if wallet else {}
    amount = {"currency_code": "EUR", "value": value}
    return {
        "intent": "AUTHORIZE",
        "purchase_units": [{"amount": amount, **unit}],
        "payment_source": {"paypal": paypal},
    }


def held(client: Client, wallet: str = "ok", key: str = "o1", **unit: Any) -> str:
    """Make an order with a saved wallet; gives its authorisation."""
    _, made = client.post(ORDERS, order(wallet, **unit), key, Prefer="return=representation")
    return str(made["purchase_units"][0]["payments"]["authorizations"][0]["id"])
