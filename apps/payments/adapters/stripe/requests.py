"""Requests to Stripe: sent by the SDK, read by us.

The SDK sends, signs and sorts errors. It would also build an object for everything in an answer,
which takes a millisecond of processor time a call and checks nothing; we read what we go by.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import stripe

from apps.kernel.decoding import decode
from apps.payments.adapters.stripe.failures import reading, writing
from apps.payments.ports import GatewayUnavailable, OutcomeUnknown

T = TypeVar("T")


class StripeRequests:
    """Sends requests and reads their answers."""

    def __init__(self, client: stripe.StripeClient) -> None:
        """Send through the SDK's client."""
        self._client = client

    def post(self, path: str, params: Mapping[str, Any], *, key: str, answer: type[T]) -> T:
        """Change something, once per key; see `writing` for what it raises."""
        with writing():
            response = self._client.raw_request("post", path, **params, idempotency_key=key)
        try:
            return decode(response.body, answer)
        except msgspec.MsgspecError as error:
            raise OutcomeUnknown("stripe_answer_unreadable") from error

    def get(self, path: str, params: Mapping[str, Any], *, answer: type[T]) -> T:
        """Read something; see `reading` for what it raises."""
        with reading():
            response = self._client.raw_request("get", path, **params)
        try:
            return decode(response.body, answer)
        except msgspec.MsgspecError as error:
            raise GatewayUnavailable("stripe_answer_unreadable") from error


def intent_path(reference: str, action: str = "") -> str:
    """Give the path of an intent, or of something to do with it."""
    return f"/v1/payment_intents/{quote(reference, safe='')}{f'/{action}' if action else ''}"
