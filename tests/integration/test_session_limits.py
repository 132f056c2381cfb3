"""How long sessions may last, by the kind of process that opens them."""

import copy
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery.signals import worker_init
from django.db import connections
from pytest_django import Settings

from apps.platform.session_limits import limit_sessions
from config.settings import base
from infra.local.home import PROJECT

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
WEB = ["15s", "5s", "10s"]
WORKER = ["0", "10s", "10s"]
NONE = ["0", "0", "0"]
SHOW = f"""
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT " + ", ".join(f"current_setting('{{name}}')" for name in {LIMITS}))
    print(*cursor.fetchone())
"""


@pytest.fixture(autouse=True)
def same_settings_afterwards(settings: Settings) -> Iterator[None]:
    settings.OMS_SESSION_LIMITS = base.OMS_SESSION_LIMITS
    before = copy.deepcopy(connections.settings["default"]["OPTIONS"])
    yield
    connections.settings["default"]["OPTIONS"].clear()
    connections.settings["default"]["OPTIONS"].update(before)


def limits_of_new_session() -> list[str]:
    session = connections.create_connection("default")
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(f"current_setting('{one}')" for one in LIMITS))
            return list(cursor.fetchone())
    finally:
        session.close()


def limits_of(entry: str, **environment: str) -> list[str]:
    """Start a process that begins with this module, and give the limits of its sessions."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import {entry}\n{SHOW}"],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.split()


@pytest.mark.django_db
class TestSessionLimits:
    def test_are_none_for_a_command(self) -> None:
        assert limits_of_new_session() == NONE

    def test_bound_what_a_web_process_may_hold_up(self) -> None:
        limit_sessions("web")
        limit_sessions("web")
        assert limits_of_new_session() == WEB
        assert connections.settings["default"]["OPTIONS"]["options"].count("lock_timeout") == 1

    def test_bound_what_a_worker_may_hold_up(self) -> None:
        worker_init.send(sender=None)
        assert limits_of_new_session() == WORKER

    def test_give_way_to_what_the_url_asks_for(self) -> None:
        connections.settings["default"]["OPTIONS"]["options"] = "-c lock_timeout=7s"
        limit_sessions("web")
        assert limits_of_new_session() == ["15s", "7s", "10s"]

    def test_of_a_command_are_what_it_is_started_with(self) -> None:
        assert limits_of("config.celery", PGOPTIONS="-c lock_timeout=5s") == ["0", "5s", "0"]

    @pytest.mark.parametrize(("entry", "limits"), [("config.wsgi", WEB), ("config.celery", NONE)])
    def test_hold_from_the_start_of_a_process(self, entry: str, limits: list[str]) -> None:
        assert limits_of(entry) == limits
