"""Keys behind a URL, served by a real little server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from apps.platform.web import signing_keys
from apps.platform.web.authentication import verify
from apps.platform.web.issuing import public_jwks
from apps.platform.web.refusals import HttpRefusal
from apps.platform.web.signing_keys import FetchedKeys, KeysUnavailable
from tests.unit.web.keys import NOW, Tokens, new_private_key


class KeyServer:
    """Publishes a key set, or an error, and counts who asks."""

    def __init__(self) -> None:
        server = self
        self.body: dict[str, Any] | None = {"keys": []}
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                self.send_response(200 if server.body is not None else 500)
                self.end_headers()
                self.wfile.write(json.dumps(server.body or {}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/jwks.json"
        threading.Thread(target=self._http.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class Stopwatch:
    """A `time.monotonic` that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.close()


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch()
    monkeypatch.setattr(signing_keys, "time", stopwatch)
    return stopwatch


class TestFetchedKeys:
    def test_verify_tokens_and_are_fetched_once(
        self, server: KeyServer, settings: Settings, private_key: str, token: Tokens
    ) -> None:
        server.body = public_jwks(private_key)
        settings.OMS_JWKS_URL = server.url
        verify(token(), NOW)
        verify(token(), NOW)
        assert server.asked == 1

    def test_are_fetched_again_for_an_unknown_key_but_not_at_every_whim(
        self, server: KeyServer, stopwatch: Stopwatch, private_key: str
    ) -> None:
        server.body = public_jwks(private_key)
        keys = FetchedKeys(server.url)
        newer = public_jwks(new_private_key())
        new_id = newer["keys"][0]["kid"]
        assert keys.find(new_id) is None
        server.body = newer
        assert keys.find(new_id) is None
        assert server.asked == 1
        stopwatch.seconds += signing_keys.RETRY_SECONDS
        assert keys.find(new_id) is not None
        assert server.asked == 2

    def test_stay_in_force_while_the_server_is_away(
        self, server: KeyServer, stopwatch: Stopwatch, private_key: str
    ) -> None:
        server.body = public_jwks(private_key)
        key_id = server.body["keys"][0]["kid"]
        keys = FetchedKeys(server.url)
        assert keys.find(key_id) is not None
        server.body = None
        stopwatch.seconds += signing_keys.FRESH_SECONDS + 1
        assert keys.find(key_id) is not None
        assert server.asked == 2

    def test_that_were_never_had_postpone_instead_of_refusing(
        self, server: KeyServer, settings: Settings, token: Tokens
    ) -> None:
        server.body = None
        with pytest.raises(KeysUnavailable):
            FetchedKeys(server.url).find("any")
        settings.OMS_JWKS_URL = server.url
        with pytest.raises(HttpRefusal) as refused:
            verify(token(), NOW)
        assert (refused.value.status, refused.value.code) == (503, "keys_unavailable")
