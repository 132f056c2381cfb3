"""How requests travel to Adyen: with time limits, over kept connections, and telling what is certain."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import msgspec
import requests

from apps.payments.adapters.connections import Connections, NoTimeLeft, is_certainly_unsent
from apps.payments.ports import GatewayUnavailable, OutcomeUnknown

TRANSIENT_HEADER = "transient-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came; `is_transient` says that Adyen wants the same request again."""

    status: int
    body: bytes
    is_transient: bool


class AdyenTransport:
    """Posts to one account. Safe for many threads: each keeps a connection of its own."""

    def __init__(
        self, *, api_base: str, api_key: str, connect_seconds: float, read_seconds: float
    ) -> None:
        """Take the address, the key and the time limits of one request."""
        self._base = api_base.rstrip("/")
        self._api_key = api_key
        self._connections = Connections(
            base_url=api_base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        return self._connections.within(seconds)

    def post(self, path: str, document: Mapping[str, Any], *, key: str) -> RawAnswer:
        """Send a document under an idempotency key and give the answer, whatever it is.

        Raises:
            GatewayUnavailable: it did not arrive.
            OutcomeUnknown: it may have arrived.
        """
        try:
            answer = self._connections.session().post(
                f"{self._base}{path}",
                data=msgspec.json.encode(document),
                headers={
                    "X-API-Key": self._api_key,
                    "Idempotency-Key": key,
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
                timeout=self._connections.limits(),
                allow_redirects=False,
            )
        except NoTimeLeft as error:
            raise GatewayUnavailable("adyen_no_time_left") from error
        except requests.RequestException as error:
            if is_certainly_unsent(error):
                raise GatewayUnavailable("adyen_unreachable") from error
            raise OutcomeUnknown("adyen_no_answer") from error
        return RawAnswer(
            status=answer.status_code,
            body=answer.content,
            is_transient=answer.headers.get(TRANSIENT_HEADER, "").lower() == "true",
        )
