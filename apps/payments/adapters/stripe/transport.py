"""How requests travel to Stripe: with time limits, over kept connections, and telling what is certain.

The SDK has a client of its own; this one also knows whether a failed request can have arrived, and
keeps a number of requests within one limit.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import stripe
from urllib3.exceptions import HTTPError

from apps.payments.adapters.connections import Connections, NoTimeLeft, is_certainly_unsent

# The SDK would report request times, the platform and an id that it keeps in the home directory.
stripe.enable_telemetry = False
# Below WARNING the SDK logs whole requests and answers, payment tokens included.
logging.getLogger("stripe").setLevel(logging.WARNING)


class NeverSent(stripe.StripeError):
    """No connection came about, so the request cannot have arrived."""


class AnswerMissing(stripe.StripeError):
    """The request may have arrived, but no whole answer came back in time."""


class StripeTransport(stripe.HTTPClient):
    """The SDK's door to the network. Safe for many threads."""

    name = "urllib3"

    def __init__(self, *, api_base: str, connect_seconds: float, read_seconds: float) -> None:
        """Take the time limits of one request; proxies come from the environment, once."""
        super().__init__()
        self._connections = Connections(
            base_url=api_base,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            ca_bundle=stripe.ca_bundle_path,
        )

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        return self._connections.within(seconds)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send one request and give its answer: body, status, headers.

        Raises:
            NeverSent: it did not arrive.
            AnswerMissing: it may have arrived.
        """
        try:
            answer = self._connections.send(
                method,
                url,
                headers=headers or {},
                body=post_data.encode() if isinstance(post_data, str) else post_data,
            )
        except NoTimeLeft as error:
            raise NeverSent("No time was left for the request.") from error
        except HTTPError as error:
            # The text of the error names hosts and paths; the reason alone is enough.
            reason = type(error).__name__
            if is_certainly_unsent(error):
                raise NeverSent(f"No connection to Stripe: {reason}.") from error
            raise AnswerMissing(f"No answer from Stripe: {reason}.") from error
        return answer.data.decode(errors="replace"), answer.status, answer.headers

    def close(self) -> None:
        """Close what is kept; the next request opens another."""
        self._connections.close()
