"""Whether a process lives and is ready."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from apps.platform import valkey
from apps.platform.health import views
from apps.platform.health.checks import SECONDS, Check, ask_broker, ask_database
from tests.waiting import wait_until

NOBODY = "redis://127.0.0.1:1/0"
FORGET = "DELETE FROM django_migrations WHERE app = 'platform_audit' AND name = '0002_not_emptied'"
REMEMBER = (
    "INSERT INTO django_migrations (app, name, applied)"
    " VALUES ('platform_audit', '0002_not_emptied', now())"
)

pytestmark = pytest.mark.django_db(transaction=True)


def ask(page: str = "ready", method: str = "get") -> HttpResponse:
    """Ask for a page as a load balancer does."""
    request = getattr(RequestFactory(), method)(f"/health/{page}")
    return {"live": views.live, "ready": views.ready}[page](request)


def report() -> tuple[int, dict[str, Any]]:
    """Ask whether the process is ready."""
    response = ask()
    return response.status_code, json.loads(response.content)


@pytest.fixture(autouse=True)
def knows_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # What is there answers in the end, also on a machine where it takes more than a second.
    monkeypatch.setattr(views, "SECONDS", 60.0)
    monkeypatch.setattr(views, "MIGRATION_SECONDS", 60.0)
    views._checks.cache_clear()
    valkey.client.cache_clear()
    yield
    views._checks.cache_clear()
    valkey.client.cache_clear()


@pytest.fixture
def black_hole() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class TestLive:
    def test_answers_without_asking_anybody(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            response = ask("live")

        assert (response.status_code, json.loads(response.content)) == (200, {"status": "alive"})
        assert "no-store" in response["Cache-Control"]

    def test_changes_nothing(self) -> None:
        assert ask("live", "post").status_code == 405


class TestReady:
    def test_is_ready_with_everything_there(self) -> None:
        status, body = report()

        assert status == 200
        assert (body["status"], body["failed"]) == ("ready", [])
        assert list(body["checks"]) == ["database", "migrations", "cache", "broker"]
        for check in body["checks"].values():
            assert (check["is_ok"], check["error"]) == (True, None)
            assert check["milliseconds"] >= 0

    def test_is_not_ready_without_the_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(connections.settings["default"], "PORT", "1")

        status, body = report()

        assert (status, body["status"], body["failed"]) == (503, "unavailable", ["database"])
        assert body["checks"]["database"]["error"] == "OperationalError"
        assert "migrations" not in body["checks"]

    def test_is_not_ready_on_a_database_that_takes_no_writes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = connections.settings["default"]["OPTIONS"]
        monkeypatch.setitem(options, "options", "-c default_transaction_read_only=on")

        status, body = report()

        assert (status, body["failed"]) == (503, ["database"])
        assert body["checks"]["database"]["error"] == "DatabaseReadOnly"

    def test_does_not_wait_for_a_database_that_says_nothing(
        self, monkeypatch: pytest.MonkeyPatch, black_hole: int
    ) -> None:
        monkeypatch.setitem(connections.settings["default"], "PORT", str(black_hole))
        views._checks()["database"] = Check(ask_database, seconds=SECONDS)
        began = time.monotonic()

        status, body = report()

        assert (status, body["checks"]["database"]["error"]) == (503, "TooSlow")
        assert time.monotonic() - began < 3

    def test_is_not_ready_before_its_tables_are(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(FORGET)
        try:
            status, body = report()
        finally:
            with connection.cursor() as cursor:
                cursor.execute(REMEMBER)

        assert (status, body["status"], body["failed"]) == (503, "unavailable", ["migrations"])
        assert body["checks"]["migrations"]["error"] == "MigrationsMissing"
        assert report()[0] == 200

    def test_looks_for_missing_migrations_until_there_are_none(self) -> None:
        assert report()[0] == 200

        with connection.cursor() as cursor:
            cursor.execute(FORGET)
        try:
            assert report()[0] == 200
        finally:
            with connection.cursor() as cursor:
                cursor.execute(REMEMBER)

    def test_is_degraded_without_the_cache(self, settings: Settings) -> None:
        settings.REDIS_URL = NOBODY

        status, body = report()

        assert (status, body["status"], body["failed"]) == (200, "degraded", ["cache"])
        assert body["checks"]["cache"]["error"] == "ConnectionError"

    @pytest.mark.parametrize("url", [NOBODY, "amqp://127.0.0.1:1//"])
    def test_is_degraded_without_the_broker(self, settings: Settings, url: str) -> None:
        settings.CELERY_BROKER_URL = url
        views._checks()["broker"] = Check(ask_broker, seconds=SECONDS)
        began = time.monotonic()

        status, body = report()

        assert (status, body["status"], body["failed"]) == (200, "degraded", ["broker"])
        assert time.monotonic() - began < 3

    def test_leaves_no_connection_behind(self) -> None:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        report()
        with connection.cursor() as cursor:

            def sessions() -> int:
                cursor.execute(count)
                return int(cursor.fetchone()[0])

            before = sessions()
            for _ in range(5):
                report()
            # A session of an earlier test may end meanwhile; none may be added. The server takes
            # a moment to end one.
            wait_until(lambda: sessions() <= before)
