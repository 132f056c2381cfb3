"""Management commands where nothing can work: one line and a status, no traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import NoReturn

import pytest
import pytest_django
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection
from psycopg.errors import SyntaxErrorOrAccessRuleViolation, UndefinedColumn, UndefinedTable

import manage
from config.management.commands import check_invariants as checker
from infra.local.home import PROJECT


@pytest.mark.parametrize(
    ("command", "setting", "value", "said"),
    [
        ("reconcile_payments", "DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x", "cannot be asked"),
        ("drain_events", "DATABASE_URL", "nonsense", "DATABASE_URL: expected"),
        ("event_map", "OMS_GATEWAYS", "klarna", "there is no klarna; choose of sandbox, stripe"),
        ("number_documents", "OMS_SHOP_TIME_ZONE", "Mars/Olympus", "no time zone 'Mars/Olympus'"),
        ("event_map", "OMS_PROVIDER_RULES", "stripe; klarna", "rule 2 ('klarna') begins with no"),
        ("event_map", "OMS_OUTBOX_WORKERS", "many", "OMS_OUTBOX_WORKERS"),
    ],
)
def test_say_in_one_line_why_they_cannot_work(
    command: str, setting: str, value: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", setting: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture
def _database_away(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """Have nobody answer where the database is looked for."""
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        yield
        connection.close()


@pytest.mark.usefixtures("_database_away")
@pytest.mark.parametrize("command", ["define_roles", "check_invariants", "number_documents"])
def test_say_in_one_line_that_the_database_is_away(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: that a process of its own says no more is tried with another command above.
    with pytest.raises(SystemExit) as ended:
        manage.main([command])
    assert ended.value.code == manage.CANNOT_WORK
    said = capsys.readouterr().err
    assert said.startswith("The database cannot be asked: ")
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("missing", [UndefinedTable("no table"), UndefinedColumn("no column")])
def test_the_checker_says_that_the_database_is_not_migrated(
    missing: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "check_invariants", partial(fail, missing))
    with pytest.raises(CommandError, match="not migrated to this release") as refused:
        call_command("check_invariants")
    assert refused.value.returncode == manage.CANNOT_WORK


def test_the_checker_hides_no_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checker, "check_invariants", partial(fail, SyntaxErrorOrAccessRuleViolation("at or near"))
    )
    with pytest.raises(ProgrammingError):
        call_command("check_invariants")


def fail(cause: Exception, *_: object, **__: object) -> NoReturn:
    raise ProgrammingError(str(cause)) from cause


def test_stop_in_one_line_when_they_are_told_to() -> None:
    # A shell's `&` has it ignored.
    listen = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    interrupt = f"import os, signal; {listen}; os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", interrupt],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["4000/0566/5566/5556", "told me CVV 737"])
@pytest.mark.parametrize(
    "given",
    [
        ["retry_deliveries", "--retry", "--reason"],
        ["retry_deliveries", "--subscriber"],
        ["issue_token", "--service"],
        ["reconcile_payments", "--provider"],
    ],
    ids=lambda one: " ".join(one[0:1] + one[-1:]),
)
def test_take_no_card(given: list[str], text: str) -> None:
    name, *rest = given
    with pytest.raises(CommandError) as refused:
        call_command(name, *rest, text)
    assert (refused.value.returncode, str(refused.value)) == (
        2,
        f"{rest[-1]} holds a card number or security code; leave it out.",
    )


@pytest.mark.django_db
def test_take_no_card_by_its_place_either() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("drain_events", "payments", "4000/0566/5566/5556")
    assert (refused.value.returncode, str(refused.value)) == (
        2,
        "names holds a card number or security code; leave it out.",
    )
