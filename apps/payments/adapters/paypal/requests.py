"""Requests to PayPal's API: with a token, a key and our preference, and their answers read."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from apps.kernel.decoding import decode
from apps.payments.adapters.paypal.failures import failure_of_change, failure_of_reading
from apps.payments.adapters.paypal.tokens import AccessTokens
from apps.payments.adapters.paypal.transport import (
    Answer,
    AnswerMissing,
    NeverSent,
    PayPalTransport,
)
from apps.payments.ports import GatewayUnavailable, OutcomeUnknown

T = TypeVar("T")

ORDERS = "/v2/checkout/orders"
AUTHORIZATIONS = "/v2/payments/authorizations"
CAPTURES = "/v2/payments/captures"
REFUNDS = "/v2/payments/refunds"

_encode = msgspec.json.encode


class PayPalRequests:
    """Sends requests and reads their answers."""

    def __init__(self, transport: PayPalTransport, tokens: AccessTokens, *, api_base: str) -> None:
        """Send to this address."""
        self._transport = transport
        self._tokens = tokens
        self._api_base = api_base

    def post(
        self,
        path: str,
        document: Mapping[str, Any] | None,
        *,
        key: str,
        answer: type[T],
        when_empty: T | None = None,
    ) -> T:
        """Change something, once per key; a repeat tells how the thing stands by now.

        `when_empty` is what an answer without content (204) stands for.

        Raises:
            NotPossible: PayPal refused it; nothing was carried out.
            GatewayUnavailable: it certainly was not carried out.
            OutcomeUnknown: it may have been, or another attempt with its key is under way.
        """
        body = _encode(document) if document is not None else b""
        try:
            given = self._send("POST", path, body, {"PayPal-Request-Id": key})
        except NeverSent as error:
            raise GatewayUnavailable("paypal_unreachable") from error
        except AnswerMissing as error:
            raise OutcomeUnknown("paypal_no_answer") from error
        if given.status == 204 and when_empty is not None:
            return when_empty
        if given.status not in (200, 201):
            raise failure_of_change(given)
        try:
            return decode(given.body, answer)
        except msgspec.MsgspecError as error:
            raise OutcomeUnknown("paypal_answer_unreadable") from error

    def get(self, path: str, *, answer: type[T]) -> T:
        """Read something.

        Raises:
            NotPossible: PayPal does not know it.
            GatewayUnavailable: there is no answer.
        """
        return self._decoded(self._question("GET", path, b""), answer)

    def ask(self, path: str, body: bytes, *, answer: type[T]) -> T:
        """Ask something by POST that changes nothing; `body` is sent as it is.

        Raises:
            NotPossible: PayPal does not understand the question.
            GatewayUnavailable: there is no answer.
        """
        return self._decoded(self._question("POST", path, body), answer)

    def _question(self, method: str, path: str, body: bytes) -> Answer:
        try:
            given = self._send(method, path, body, {})
        except (NeverSent, AnswerMissing) as error:
            raise GatewayUnavailable("paypal_unreachable") from error
        if given.status != 200:
            raise failure_of_reading(given)
        return given

    @staticmethod
    def _decoded(given: Answer, answer: type[T]) -> T:
        try:
            return decode(given.body, answer)
        except msgspec.MsgspecError as error:
            raise GatewayUnavailable("paypal_answer_unreadable") from error

    def _send(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> Answer:
        """Send with our token, and once more with a new one where PayPal does not take it."""
        token = self._tokens.current()
        given = self._send_with(token, method, path, body, more)
        if given.status != 401:
            return given
        return self._send_with(self._tokens.in_place_of(token), method, path, body, more)

    def _send_with(
        self, token: str, method: str, path: str, body: bytes, more: Mapping[str, str]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **more}
        if method == "POST":
            # Without it an answer shows little more than a name and a status.
            headers["Prefer"] = "return=representation"
            headers["Content-Type"] = "application/json"
        return self._transport.send(
            method, self._api_base + path, headers=headers, body=body or None
        )


def path_of(collection: str, name: str, action: str = "") -> str:
    """Give the path of a thing, or of something to do with it."""
    return f"{collection}/{quote(name, safe='')}{f'/{action}' if action else ''}"
