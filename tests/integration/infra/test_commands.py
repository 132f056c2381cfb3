"""Commands beside the processes: what they answer, how they fail, and that they can be ended."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from infra.local.commands import Commands, Preparation
from infra.local.failure import CannotStart

DEMO = '{"customer_id": "01930c2e", "warehouses": ["BER"], "staff": {}, "token": "t"}'


def preparation(tmp_path: Path, script: str) -> Preparation:
    log = tmp_path / "preparation.log"
    with log.open("w") as errors:
        command = subprocess.Popen(
            ["sh", "-c", script], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    return Preparation(command=command, log=log)


class TestPreparation:
    def test_answers_once_for_the_tables_and_once_for_the_demo(self, tmp_path: Path) -> None:
        begun = preparation(tmp_path, f"echo tables ready; echo '{DEMO}'")

        begun.wait_for_tables()

        assert begun.wait_for_demo()["warehouses"] == ["BER"]

    def test_quotes_why_there_are_no_tables(self, tmp_path: Path) -> None:
        begun = preparation(tmp_path, "echo permission denied for schema >&2; exit 1")

        with pytest.raises(CannotStart) as refusal:
            begun.wait_for_tables()

        assert str(refusal.value).startswith("The database tables could not be made.\n")
        assert str(refusal.value).endswith("  permission denied for schema")

    def test_quotes_why_there_is_no_demo_data(self, tmp_path: Path) -> None:
        begun = preparation(tmp_path, "echo tables ready; echo out of stock >&2; exit 1")
        begun.wait_for_tables()

        with pytest.raises(CannotStart, match=r"(?s)demo data could not be made.*out of stock$"):
            begun.wait_for_demo()


class TestManage:
    def test_returns_what_the_command_printed(self) -> None:
        output = Commands().manage("version", environment=os.environ)

        assert output.startswith("5.2.")

    def test_quotes_the_end_of_what_a_failed_command_said(self) -> None:
        with pytest.raises(CannotStart, match=r"(?s)`manage.py juggle` failed:.*Unknown command"):
            Commands().manage("juggle", environment=os.environ)


class TestAbandon:
    def test_ends_a_command_that_runs(self) -> None:
        commands = Commands()
        threading.Timer(0.3, commands.abandon).start()
        started = time.monotonic()

        with pytest.raises(CannotStart):
            commands.manage("shell", "-c", "import time; time.sleep(60)", environment=os.environ)

        assert time.monotonic() - started < 30

    def test_refuses_further_commands(self) -> None:
        commands = Commands()
        commands.abandon()

        with pytest.raises(CannotStart, match="The stack is stopping"):
            commands.manage("version", environment=os.environ)
