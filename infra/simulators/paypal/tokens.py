"""The access tokens of the simulated API: given for an id and a secret, forgotten with the process."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping

from infra.simulators.http_server import Request
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.paypal.rendering import Json

LIFE_SECONDS = 9 * 3600
SHORTEST_SECRET = 10
"""Whoever has an id and a secret of this length is let in; they are made up anyway."""


class Tokens:
    """Gives and checks tokens."""

    def __init__(self) -> None:
        """Begin with none."""
        self._good_until: dict[str, float] = {}
        self.given = 0

    def grant(self, request: Request) -> Json:
        """Give a token to a caller who names an id and a secret.

        Raises:
            Refusal: they are missing or too short.
        """
        if request.body != b"grant_type=client_credentials" or not _is_known(request.headers):
            raise Refusal(401)
        token = "A21AA" + secrets.token_urlsafe(48)
        self._good_until[token] = time.monotonic() + LIFE_SECONDS
        self.given += 1
        return {
            "scope": "https://uri.paypal.com/services/payments/realtimepayment",
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-SIMULATED",
            "expires_in": LIFE_SECONDS,
            "nonce": secrets.token_hex(8),
        }

    def insist(self, headers: Mapping[str, str]) -> None:
        """Let pass who has a token.

        Raises:
            Refusal: it is missing, unknown or over.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self._good_until.get(token, 0.0) < time.monotonic():
            raise Refusal(401)

    def forget_all(self) -> None:
        """Take all tokens back, as PayPal may do."""
        self._good_until.clear()


def _is_known(headers: Mapping[str, str]) -> bool:
    scheme, _, pair = headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme == "Basic" and bool(client_id) and len(secret) >= SHORTEST_SECRET
