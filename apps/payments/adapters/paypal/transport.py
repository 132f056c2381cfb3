"""How requests travel to PayPal: with time limits, over kept connections, and telling what is certain."""

import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import httpx

# Below WARNING the client logs addresses and headers of every exchange.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

LARGEST_ANSWER_BYTES = 2 * 1024 * 1024
KEEP_SECONDS = 30.0
PART_SECONDS = 1.0
"""How soon the parts of an answer have to follow each other once it has begun."""


class NeverSent(Exception):
    """No connection came about, so the request cannot have arrived."""


class AnswerMissing(Exception):
    """The request may have arrived, but no whole answer came back in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class _PerThread(threading.local):
    ends_at: float = 0.0
    client: httpx.Client | None = None


class PayPalTransport:
    """Sends one request at a time for each of many threads; each keeps a connection of its own.

    A pool shared by thirty threads looks through all its connections twice for every request.
    """

    def __init__(self, *, connect_seconds: float, read_seconds: float) -> None:
        """Take the time limits of one request; proxies come from the environment."""
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        # Now, not in the first call: it takes longer than a request, and may fail.
        self._trusted = _trusted()
        self._here = _PerThread()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Have all requests of this thread inside the block end within so many seconds."""
        self._here.ends_at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._here.ends_at = 0.0

    def seconds_left(self) -> float:
        """Say how long this thread may still take; never less than nothing."""
        if not self._here.ends_at:
            return self._connect_seconds + self._read_seconds
        return max(0.0, self._here.ends_at - time.monotonic())

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and give its answer.

        Raises:
            NeverSent: it did not arrive.
            AnswerMissing: it may have arrived.
        """
        left = self.seconds_left()
        if left <= 0:
            raise NeverSent("No time was left for the request.")
        connect = min(self._connect_seconds, left / 2)
        read = min(self._read_seconds, left - connect)
        limits = httpx.Timeout(connect=connect, read=read, write=connect, pool=None)
        ends_at = time.monotonic() + min(left, connect + read)
        # The text of an error may name addresses; its kind is enough.
        try:
            with self._client().stream(
                method, url, headers=dict(headers), content=body, timeout=limits
            ) as response:
                return Answer(status=response.status_code, body=_whole(response, ends_at))
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
            httpx.InvalidURL,
        ) as error:
            raise NeverSent(f"No connection to PayPal: {type(error).__name__}.") from error
        except httpx.HTTPError as error:
            raise AnswerMissing(f"No answer from PayPal: {type(error).__name__}.") from error

    def _client(self) -> httpx.Client:
        if self._here.client is None:
            self._here.client = httpx.Client(
                verify=self._trusted,
                follow_redirects=False,
                limits=httpx.Limits(
                    max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_SECONDS
                ),
            )
        return self._here.client


@cache
def _trusted() -> ssl.SSLContext:
    """Read whom to trust, once a process."""
    return httpx.create_ssl_context()


def _whole(response: httpx.Response, ends_at: float) -> bytes:
    """Read the body; one that trickles in, or stops half-way, must not outlast the limit by much."""
    response.request.extensions["timeout"]["read"] = PART_SECONDS
    found = bytearray()
    for part in response.iter_bytes():
        found += part
        if len(found) > LARGEST_ANSWER_BYTES:
            raise AnswerMissing("The answer of PayPal has no end.")
        if time.monotonic() > ends_at:
            raise AnswerMissing("The answer of PayPal takes too long.")
    return bytes(found)
