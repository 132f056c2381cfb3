"""Runs the platform's commands beside its processes, and ends them when the stack must stop."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from infra.local.description import TABLES_READY, Prepared
from infra.local.failure import CannotStart
from infra.local.home import PROJECT
from infra.local.leash import leashed
from infra.local.supervisor import log_tail

TAIL_LINES = 15


MISCONFIGURED = "django.core.exceptions.ImproperlyConfigured: "
"""How the last line of a traceback begins when a setting is wrong."""


class Commands:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._abandoned = False

    def manage(self, *arguments: str, environment: Mapping[str, str]) -> str:
        """Run `manage.py` with these arguments and return what it printed.

        Raises:
            CannotStart: it failed, with the end of what it said; or `abandon` was called.
        """
        command = self._start("manage.py", *arguments, environment=environment)
        output, errors = command.communicate()
        self._running.discard(command)
        if command.returncode != 0:
            lines = errors.strip().splitlines()[-TAIL_LINES:]
            tail = "\n".join(f"  {line}" for line in lines)
            raise CannotStart(f"`manage.py {arguments[0]}` failed:\n{tail}")
        return output

    def prepare(self, *, environment: Mapping[str, str], log: Path) -> "Preparation":
        """Begin to prepare the database."""
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        with log.open("w") as errors:
            module = ("-m", "infra.local.preparation")
            command = self._start(*module, environment=environment, errors=errors.fileno())
        return Preparation(command=command, log=log)

    def abandon(self) -> None:
        """Kill the commands that run and refuse further ones."""
        with self._lock:
            self._abandoned = True
            for command in self._running:
                command.kill()

    def _start(
        self, *arguments: str, environment: Mapping[str, str], errors: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        with self._lock:
            if self._abandoned:
                raise CannotStart("The stack is stopping: it runs no further commands.")
            command = subprocess.Popen(
                leashed([sys.executable, *arguments]),
                env=dict(environment),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            self._running.add(command)
        return command


class Preparation:
    """The preparation of the database, under way."""

    def __init__(self, *, command: subprocess.Popen[str], log: Path) -> None:
        self._command = command
        self._log = log

    def wait_for_tables(self) -> None:
        """Wait until the tables are there.

        Raises:
            CannotStart: they could not be made.
        """
        if self._read_line() != TABLES_READY:
            raise self._failure("The database tables could not be made.")

    def wait_for_demo(self) -> Prepared:
        """Wait for the demo data and the tokens; call it once, after the tables.

        Raises:
            CannotStart: they could not be made.
        """
        answer = self._read_line()
        if not answer or self._command.wait() != 0:
            raise self._failure("The demo data could not be made.")
        return cast(Prepared, json.loads(answer))

    def _read_line(self) -> str:
        return self._command.stdout.readline().strip() if self._command.stdout else ""

    def _failure(self, sentence: str) -> CannotStart:
        self._command.wait()
        return CannotStart(self._misconfiguration() or sentence + log_tail(self._log))

    def _misconfiguration(self) -> str:
        """Give the sentence on a setting that is wrong, where that was it."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].partition(MISCONFIGURED)[2] if lines else ""
