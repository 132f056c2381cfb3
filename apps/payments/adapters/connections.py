"""Kept connections to a provider, and what is certain about a request that failed."""

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

MOST_KEPT: Final = 256
"""Connections to one address that are kept for the next request, of as many as were needed at once."""


_NOT_CONNECTED: Final = (NewConnectionError, ConnectTimeoutError)


class NoTimeLeft(Exception):
    """The time of a whole call is over, so that no further request of it may begin."""


class _PerThread(threading.local):
    ends_at: float = 0.0


class Connections:
    """Connections that all threads share, and the time that the requests of each thread may take."""

    def __init__(
        self,
        *,
        base_url: str,
        connect_seconds: float,
        read_seconds: float,
        ca_bundle: str | None = None,
    ) -> None:
        """Take the limits of one request; a proxy for the address comes from the environment, once.

        `NO_PROXY` lists hosts, with a port or without; ranges of addresses are not understood in it.
        """
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._pool = _pool(_proxy_to(base_url), ca_bundle or certifi.where())
        self._here = _PerThread()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        self._here.ends_at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._here.ends_at = 0.0

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        in_parts: bool = False,
    ) -> BaseHTTPResponse:
        """Send one request, once, and follow nothing; its answer is read whole, unless `in_parts`.

        Raises:
            NoTimeLeft: it was not sent.
            urllib3.exceptions.HTTPError: no whole answer came; see `is_certainly_unsent`.
        """
        return self._pool.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=self._limits(),
            retries=False,
            redirect=False,
            preload_content=not in_parts,
        )

    def _limits(self) -> Timeout:
        if not self._here.ends_at:
            return Timeout(connect=self._connect_seconds, read=self._read_seconds)
        left = self._here.ends_at - time.monotonic()
        if left <= 0:
            raise NoTimeLeft
        return Timeout(connect=min(self._connect_seconds, left), read=min(self._read_seconds, left))

    def close(self) -> None:
        """Close what is kept and not in use; the next request opens another."""
        self._pool.clear()


def is_certainly_unsent(error: HTTPError) -> bool:
    """Whether an error shows that no connection came about."""
    if isinstance(error, SSLError):
        return bool(error.args) and isinstance(error.args[0], ssl.SSLCertVerificationError)
    if isinstance(error, ProxyError):
        # Also what goes wrong with an answer is called so, where it closed the connection to a proxy.
        return isinstance(error.original_error, _NOT_CONNECTED)
    return isinstance(error, _NOT_CONNECTED)


def _proxy_to(url: str) -> str | None:
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _pool(proxy: str | None, ca_bundle: str) -> PoolManager:
    if proxy is None:
        return PoolManager(maxsize=MOST_KEPT, ca_certs=ca_bundle)
    parts = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    names = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return ProxyManager(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        maxsize=MOST_KEPT,
        ca_certs=ca_bundle,
        proxy_headers=make_headers(proxy_basic_auth=names) if parts.username else None,
    )
