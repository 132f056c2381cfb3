"""How requests travel to Adyen: with time limits, over kept connections, and telling what is certain.

The SDK has a client of its own; this one also knows whether a failed request can have arrived, and
keeps a number of requests within one limit.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from Adyen import settings as sdk
from urllib3.exceptions import HTTPError

from apps.kernel.decoding import decode
from apps.payments.adapters.connections import Connections, NoTimeLeft, is_certainly_unsent
from apps.payments.ports import GatewayMisused, GatewayUnavailable, OutcomeUnknown


class AdyenTransport:
    """The SDK's door to the network. Safe for many threads."""

    user_agent = f"{sdk.LIB_NAME}/{sdk.LIB_VERSION}"

    def __init__(self, *, api_base: str, connect_seconds: float, read_seconds: float) -> None:
        """Take the only address that anything is sent to, and the time limits of one request."""
        self._base = f"{api_base}/"
        self._connections = Connections(
            base_url=api_base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        return self._connections.within(seconds)

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Mapping[str, Any],
        xapikey: str,
        headers: Mapping[str, str],
    ) -> tuple[str, Mapping[str, Any], int, Mapping[str, str]]:
        """Send one request and give its answer: body, what was sent, status, headers.

        A body that is no JSON object is given as none at all, since the SDK takes no other.

        Raises:
            GatewayUnavailable: it did not arrive.
            OutcomeUnknown: it may have arrived.
            GatewayMisused: it was for another address; nothing was sent.
        """
        if not url.startswith(self._base):
            # The SDK writes live and test addresses anew by what it finds in them.
            raise GatewayMisused("The request is not for the address that was set.")
        try:
            answer = self._connections.send(
                method,
                url,
                body=msgspec.json.encode(json),
                headers={
                    **headers,
                    "X-API-Key": xapikey,
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
            )
        except NoTimeLeft as error:
            raise GatewayUnavailable("adyen_no_time_left") from error
        except HTTPError as error:
            if is_certainly_unsent(error):
                raise GatewayUnavailable("adyen_unreachable") from error
            raise OutcomeUnknown("adyen_no_answer") from error
        return _object_in(answer.data), json, answer.status, answer.headers


def _object_in(body: bytes) -> str:
    try:
        decode(body, dict[str, msgspec.Raw])
        return body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
