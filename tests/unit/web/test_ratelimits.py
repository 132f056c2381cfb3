"""How limits count where each process counts alone; with Valkey: tests/integration/web."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from apps.kernel.clock import FrozenClock
from apps.platform import valkey
from apps.platform.web import ratelimits
from apps.platform.web.ratelimits import Verdict, admit
from apps.platform.web.requests import client_address
from tests.unit.web.keys import NOW, Tokens


class TestWithoutValkey:
    def test_a_client_gets_its_limit_and_no_more_until_the_next_window(
        self, settings: Settings
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (3, 60)}
        verdicts = [admit(client="a", limit_name="default", now=NOW) for _ in range(4)]
        assert verdicts == [
            Verdict(is_allowed=True, limit=3, remaining=2, reset_seconds=60),
            Verdict(is_allowed=True, limit=3, remaining=1, reset_seconds=60),
            Verdict(is_allowed=True, limit=3, remaining=0, reset_seconds=60),
            Verdict(is_allowed=False, limit=3, remaining=0, reset_seconds=60),
        ]
        later = NOW + timedelta(seconds=60)
        assert admit(client="a", limit_name="default", now=later) == verdicts[0]

    def test_a_large_limit_is_exact_too(self, settings: Settings) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1001, 60)}
        verdicts = [admit(client="a", limit_name="default", now=NOW) for _ in range(1010)]
        assert [verdict.is_allowed for verdict in verdicts if verdict] == [True] * 1001 + [
            False
        ] * 9
        assert verdicts[0] is not None
        assert verdicts[0].remaining == 1000

    def test_clients_and_limits_do_not_share(self, settings: Settings) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1, 60), "search": (1, 60)}
        first = [
            admit(client=client, limit_name=name, now=NOW)
            for client in ("a", "b")
            for name in ("default", "search")
        ]
        assert all(verdict and verdict.is_allowed for verdict in first)

    def test_a_limit_of_the_client_comes_first_and_the_default_last(
        self, settings: Settings
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (5, 60), "search": (2, 60), "service:big": (9, 60)}
        limits = [
            verdict and verdict.limit
            for verdict in (
                admit(client="service:big", limit_name="search", now=NOW),
                admit(client="service:small", limit_name="search", now=NOW),
                admit(client="service:small", limit_name="unheard of", now=NOW),
            )
        ]
        assert limits == [9, 2, 5]

    @pytest.mark.parametrize("limits", [{}, {"default": None}, {"default": (0, 60)}])
    def test_nothing_is_counted_where_nothing_is_limited(
        self, settings: Settings, limits: dict[str, object]
    ) -> None:
        settings.OMS_RATE_LIMITS = limits
        assert admit(client="a", limit_name="default", now=NOW) is None

    def test_an_outage_is_noticed_once_and_remembered(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (100, 60)}
        asked: list[int] = []
        real = valkey.client()

        def client() -> redis.Redis:
            asked.append(1)
            return real

        began = time.perf_counter()
        with monkeypatch.context() as patch:
            patch.setattr(valkey, "client", client)
            for _ in range(50):
                admit(client="a", limit_name="default", now=NOW)
        assert len(asked) == 1
        assert time.perf_counter() - began < 5, "all fifty waited for a fifth of a second"

    def test_memory_is_bounded(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.OMS_RATE_LIMITS = {"default": (100, 60)}
        monkeypatch.setattr(ratelimits, "REMEMBER_CLIENTS", 10)
        for number in range(50):
            admit(client=str(number), limit_name="default", now=NOW)
        assert len(ratelimits._windows) <= 10


class TestHeaders:
    def test_tell_a_caller_where_it_stands(
        self, settings: Settings, client: Client, clock: FrozenClock
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (2, 60)}
        clock.advance(timedelta(seconds=15))
        client.get("/api/v1/me")
        answer = client.get("/api/v1/me")
        assert answer.status_code == 200
        assert {
            name: value for name, value in answer.headers.items() if name.startswith("RateLimit")
        } == {"RateLimit-Limit": "2", "RateLimit-Remaining": "0", "RateLimit-Reset": "45"}
        refused = client.get("/api/v1/me")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.headers["Retry-After"] == "45"
        assert refused.headers["RateLimit-Remaining"] == "0"

    def test_count_per_client_and_not_per_token(
        self, settings: Settings, stranger: Client, token: Tokens
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1, 60)}

        def status(subject: str) -> int:
            headers = {"Authorization": f"Bearer {token(subject=subject)}"}
            return stranger.get("/api/v1/me", headers=headers).status_code

        assert [status("one"), status("one"), status("two")] == [200, 429, 200]

    def test_count_the_address_where_nobody_is_asked_who_they_are(
        self, settings: Settings, stranger: Client
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1, 60)}
        statuses = [
            stranger.get("/api/v1/failing/forbidden", REMOTE_ADDR=address).status_code
            for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2")
        ]
        assert statuses == [403, 429, 403]

    def test_count_tokens_that_do_not_hold_by_address(
        self, settings: Settings, stranger: Client, token: Tokens
    ) -> None:
        settings.OMS_RATE_LIMITS = {"failed_authentication": (2, 60)}

        def status(text: str, address: str = "10.0.0.1") -> int:
            headers = {"Authorization": f"Bearer {text}"}
            return stranger.get("/api/v1/me", headers=headers, REMOTE_ADDR=address).status_code

        assert [status("guess") for _ in range(3)] == [401, 401, 429]
        assert (status("guess", "10.0.0.2"), status(token())) == (401, 200)

    def test_count_the_caller_behind_our_proxies(
        self, settings: Settings, stranger: Client
    ) -> None:
        settings.OMS_RATE_LIMITS = {"default": (1, 60)}
        settings.OMS_TRUSTED_PROXIES = 1
        statuses = [
            stranger.get(
                "/api/v1/failing/forbidden",
                headers={"X-Forwarded-For": hops},
                REMOTE_ADDR="10.0.0.1",
            ).status_code
            for hops in ("203.0.113.5", "a lie, 203.0.113.5", "203.0.113.5, 203.0.113.6")
        ]
        assert statuses == [403, 429, 403]


class TestClientAddress:
    @pytest.mark.parametrize(
        ("hops", "proxies", "address"),
        [
            ("203.0.113.5", 0, "10.0.0.1"),
            ("203.0.113.5", 1, "203.0.113.5"),
            ("192.0.2.1, 203.0.113.5", 1, "203.0.113.5"),
            ("192.0.2.1, 203.0.113.5, 10.0.0.9", 2, "203.0.113.5"),
            ("203.0.113.5", 2, "10.0.0.1"),
            ("2001:DB8::1", 1, "2001:db8::1"),
            ("unknown", 1, "10.0.0.1"),
            ("", 1, "10.0.0.1"),
        ],
    )
    def test_is_what_the_last_trusted_proxy_saw(
        self, hops: str, proxies: int, address: str
    ) -> None:
        headers = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": hops}
        assert client_address(headers, proxies) == address
