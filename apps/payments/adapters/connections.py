"""Kept connections to a provider, and what is certain about a request that failed."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, ProxyError, SSLError
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class NoTimeLeft(Exception):
    """The time of a whole call is over, so that no further request of it may begin."""


class _PerThread(threading.local):
    session: requests.Session | None = None
    ends_at: float = 0.0


class Connections:
    """A kept connection for each thread, and the time that its requests may take."""

    def __init__(
        self,
        *,
        base_url: str,
        connect_seconds: float,
        read_seconds: float,
        ca_bundle: str | None = None,
    ) -> None:
        """Take the limits of one request; proxies for the address come from the environment, once."""
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._ca_bundle = ca_bundle
        self._proxies = get_environ_proxies(base_url)
        self._here = _PerThread()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        self._here.ends_at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._here.ends_at = 0.0

    def limits(self) -> tuple[float, float]:
        """Give the seconds to connect and to read that the next request has.

        Raises:
            NoTimeLeft: none.
        """
        if not self._here.ends_at:
            return self._connect_seconds, self._read_seconds
        left = self._here.ends_at - time.monotonic()
        if left <= 0:
            raise NoTimeLeft
        return min(self._connect_seconds, left), min(self._read_seconds, left)

    def session(self) -> requests.Session:
        """Give this thread's session, which keeps its connection."""
        if self._here.session is None:
            session = requests.Session()
            # With it, a .netrc could replace our key, and each request would search the environment.
            session.trust_env = False
            session.proxies.update(self._proxies)
            if self._ca_bundle is not None:
                session.verify = self._ca_bundle
            self._here.session = session
        return self._here.session

    def close(self) -> None:
        """Close this thread's connection; the next request opens another."""
        if self._here.session is not None:
            self._here.session.close()
            self._here.session = None


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
