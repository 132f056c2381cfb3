"""How requests travel to Stripe: with time limits, over kept connections, and telling what is certain.

The SDK has a client of its own; this one also knows whether a failed request can have arrived, and
keeps a number of requests within one limit.
"""

import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import stripe
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, ProxyError, SSLError
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

# The SDK would report request times, the platform and an id that it keeps in the home directory.
stripe.enable_telemetry = False
# Below WARNING the SDK logs whole requests and answers, payment tokens included.
logging.getLogger("stripe").setLevel(logging.WARNING)


class NeverSent(stripe.StripeError):
    """No connection came about, so the request cannot have arrived."""


class AnswerMissing(stripe.StripeError):
    """The request may have arrived, but no whole answer came back in time."""


class _PerThread(threading.local):
    session: requests.Session | None = None
    ends_at: float = 0.0


class StripeTransport(stripe.HTTPClient):
    """The SDK's door to the network. Safe for many threads: each keeps a connection of its own."""

    name = "requests"

    def __init__(self, *, api_base: str, connect_seconds: float, read_seconds: float) -> None:
        """Take the time limits of one request; proxies come from the environment, once."""
        super().__init__()
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._proxies = get_environ_proxies(api_base)
        self._here = _PerThread()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        self._here.ends_at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._here.ends_at = 0.0

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
            answer = self._session().request(
                method,
                url,
                headers=dict(headers or {}),
                data=post_data,
                timeout=self._limits(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The text of the error names hosts and paths; the reason alone is enough.
            reason = type(error).__name__
            if is_certainly_unsent(error):
                raise NeverSent(f"No connection to Stripe: {reason}.") from error
            raise AnswerMissing(f"No answer from Stripe: {reason}.") from error
        return answer.content.decode(errors="replace"), answer.status_code, answer.headers

    def close(self) -> None:
        """Close this thread's connection; the next request opens another."""
        if self._here.session is not None:
            self._here.session.close()
            self._here.session = None

    def _limits(self) -> tuple[float, float]:
        if not self._here.ends_at:
            return self._connect_seconds, self._read_seconds
        left = self._here.ends_at - time.monotonic()
        if left <= 0:
            raise NeverSent("No time was left for the request.")
        return min(self._connect_seconds, left), min(self._read_seconds, left)

    def _session(self) -> requests.Session:
        if self._here.session is None:
            session = requests.Session()
            # With it, a .netrc could replace our key, and each request would search the environment.
            session.trust_env = False
            session.proxies.update(self._proxies)
            session.verify = stripe.ca_bundle_path
            self._here.session = session
        return self._here.session


def is_certainly_unsent(error: requests.RequestException) -> bool:
    """Whether an error shows that no connection came about."""
    if isinstance(error, ConnectTimeout | ProxyError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, SSLError):
        cause = reason.args[0] if reason is not None and reason.args else None
        return isinstance(cause, ssl.SSLCertVerificationError)
    return isinstance(error, NotConnected) and isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
