"""How long PayPal is listened to, and what is certain when it does not answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from apps.payments.adapters.paypal.transport import (
    LARGEST_ANSWER_BYTES,
    AnswerMissing,
    NeverSent,
    PayPalTransport,
)

READ_SECONDS = 30.0
MUCH_TOO_LONG = READ_SECONDS / 3
"""An answer is given up after a second or two. Whatever takes so long waits for the wrong limit."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"


@contextmanager
def server(answer: Callable[[socket.socket, threading.Event], object]) -> Iterator[str]:
    """Have a server answer one request its own way; gives its address."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                try:
                    answer(connection, over)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        over.set()
        thread.join(5)


def send(url: str, *, within: float = 1.0) -> float:
    """Send a request that gets no whole answer; gives the seconds until that was clear."""
    transport = PayPalTransport(connect_seconds=0.3, read_seconds=READ_SECONDS)
    began = time.monotonic()
    with transport.within(within), pytest.raises(AnswerMissing):
        transport.send("GET", url, headers={})
    return time.monotonic() - began


class TestAnAnswer:
    def test_that_never_begins_is_not_waited_for(self) -> None:
        with server(lambda connection, over: over.wait(60)) as url:
            assert send(url) < MUCH_TOO_LONG

    def test_that_stops_half_way_is_not_waited_for(self) -> None:
        def stop(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(HEAD + b"x")
            over.wait(60)

        with server(stop) as url:
            assert send(url, within=READ_SECONDS) < MUCH_TOO_LONG

    def test_that_trickles_in_is_cut_off(self) -> None:
        def trickle(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(HEAD)
            while not over.wait(0.1):
                connection.sendall(b"x")

        with server(trickle) as url:
            assert send(url) < MUCH_TOO_LONG

    def test_without_end_is_cut_off(self) -> None:
        def pour(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(HEAD + b"x" * (LARGEST_ANSWER_BYTES + 1))
            over.wait(60)

        with server(pour) as url:
            assert send(url, within=READ_SECONDS) < MUCH_TOO_LONG

    def test_that_is_no_http_leaves_the_outcome_open(self) -> None:
        with server(lambda connection, over: connection.sendall(b"hello\r\n\r\n")) as url:
            assert send(url, within=READ_SECONDS) < MUCH_TOO_LONG


class TestARequest:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "gopher://x/", "https://[::1"])
    def test_that_finds_nobody_was_never_sent(self, url: str) -> None:
        transport = PayPalTransport(connect_seconds=0.3, read_seconds=1)

        with pytest.raises(NeverSent, match="No connection"):
            transport.send("GET", url, headers={})

    def test_for_which_no_time_is_left_is_not_sent(self) -> None:
        transport = PayPalTransport(connect_seconds=0.3, read_seconds=1)

        with transport.within(0), pytest.raises(NeverSent, match="No time"):
            transport.send("GET", "http://127.0.0.1:9/", headers={})
