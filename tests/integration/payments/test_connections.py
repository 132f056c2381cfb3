"""Requests travel over kept connections and through proxies, and say what is certain when they fail."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from apps.payments.adapters.connections import Connections, NoTimeLeft, is_certainly_unsent


@dataclass
class Desk:
    """Somebody who answers over HTTP, and what came in."""

    base: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    stalled = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            desk.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            desk.connections.add(self.client_address[1])
            if self.path.endswith("/silent"):
                self.close_connection = True
                return
            if self.path.endswith("/stalled"):
                self.close_connection = True
                self.send_response(200)
                self.send_header("Connection", "close")
                self.send_header("Content-Length", "9")
                self.end_headers()
                self.wfile.flush()
                stalled.wait(10)
                return
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield desk
    stalled.set()
    server.shutdown()
    thread.join()
    server.server_close()


def connections(base_url: str) -> Connections:
    return Connections(base_url=base_url, connect_seconds=5, read_seconds=5)


class TestConnections:
    def test_are_kept_from_one_request_to_the_next(self, desk: Desk) -> None:
        kept = connections(desk.base)
        answers = [
            kept.send("POST", f"{desk.base}/{n}", headers={}, body=b"x").data for n in range(3)
        ]
        assert answers == [b"{}"] * 3
        assert len(desk.connections) == 1

    def test_follow_nothing(self, desk: Desk) -> None:
        answer = connections(desk.base).send("POST", f"{desk.base}/a", headers={}, body=b"x")
        assert answer.status == 302
        assert [path for path, _ in desk.seen] == ["/a"]

    def test_send_nothing_once_the_time_of_the_call_is_over(self, desk: Desk) -> None:
        kept = connections(desk.base)
        with kept.within(-1), pytest.raises(NoTimeLeft):
            kept.send("POST", f"{desk.base}/a", headers={}, body=b"x")
        assert not desk.seen
        assert kept.send("POST", f"{desk.base}/a", headers={}, body=b"x").status == 302


class TestProxies:
    @pytest.fixture(autouse=True)
    def _no_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    @pytest.mark.parametrize("name", ["http_proxy", "all_proxy"])
    def test_of_the_environment_are_used_with_their_password(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, desk.base.replace("//", "//desk:p%40ss@"))
        kept = connections("http://provider.example")
        kept.send("POST", "http://provider.example/a", headers={}, body=b"x")
        [(path, headers)] = desk.seen
        assert path == "http://provider.example/a"
        assert headers["proxy-authorization"] == "Basic ZGVzazpwQHNz"

    def test_are_passed_over_where_the_environment_says_so(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        connections(desk.base).send("POST", f"{desk.base}/a", headers={}, body=b"x")
        assert [path for path, _ in desk.seen] == ["/a"]

    def test_that_cannot_be_reached_have_sent_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "127.0.0.1:1")
        with pytest.raises(HTTPError) as failed:
            connections("http://provider.example").send(
                "POST", "http://provider.example/a", headers={}, body=b"x"
            )
        assert is_certainly_unsent(failed.value)

    @pytest.mark.parametrize("fate", ["silent", "stalled"])
    def test_that_lost_the_answer_may_have_sent_the_request(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, fate: str
    ) -> None:
        monkeypatch.setenv("http_proxy", desk.base)
        address = "http://provider.example"
        kept = Connections(base_url=address, connect_seconds=5, read_seconds=0.3)
        with pytest.raises(HTTPError) as failed:
            kept.send("POST", f"{address}/{fate}", headers={}, body=b"x")
        assert not is_certainly_unsent(failed.value)
        assert len(desk.seen) == 1


class TestWhatIsCertain:
    def test_is_that_nothing_arrived_where_nobody_listens(self) -> None:
        with pytest.raises(HTTPError) as failed:
            connections("http://127.0.0.1:1").send("POST", "http://127.0.0.1:1/a", headers={})
        assert is_certainly_unsent(failed.value)

    def test_is_nothing_where_the_answer_alone_is_missing(self, desk: Desk) -> None:
        with pytest.raises(HTTPError) as failed:
            connections(desk.base).send("POST", f"{desk.base}/silent", headers={}, body=b"x")
        assert not is_certainly_unsent(failed.value)
        assert len(desk.seen) == 1
