"""A leashed program ends with the process that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra.local.home import PROJECT
from infra.local.leash import leashed
from tests.waiting import has_ended, wait_until

STARTER = """
import subprocess, sys, time
from infra.local.leash import leashed
child = subprocess.Popen(leashed([sys.executable, "-c", "import time; time.sleep(60)"]))
print(child.pid, flush=True)
time.sleep(60)
"""


class TestLeash:
    def test_ends_the_program_when_its_starter_is_killed(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", STARTER], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        ) as starter:
            assert starter.stdout is not None
            child = psutil.Process(int(starter.stdout.readline()))
            starter.kill()

        wait_until(lambda: has_ended(child))

    def test_does_not_start_the_program_for_somebody_who_is_gone(self, tmp_path: Path) -> None:
        command = leashed(["touch", str(tmp_path / "started")])
        command[command.index(str(os.getpid()))] = "1"

        subprocess.run(command, check=True)

        assert not (tmp_path / "started").exists()

    def test_passes_the_exit_status_on(self) -> None:
        command = leashed([sys.executable, "-c", "raise SystemExit(7)"])

        assert subprocess.run(command, check=False).returncode == 7

    def test_says_which_program_cannot_be_run(self) -> None:
        done = subprocess.run(
            leashed(["/no/such/program"]), capture_output=True, text=True, check=False
        )

        assert done.returncode == 1
        assert done.stderr.startswith("/no/such/program cannot be run: ")

    def test_gives_back_signals_that_a_shell_had_switched_off(self) -> None:
        was = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            done = subprocess.run(
                leashed(["sh", "-c", "kill -INT $$; echo survived"]),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            signal.signal(signal.SIGINT, was)

        assert (done.stdout, done.returncode) == ("", -signal.SIGINT)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_becomes_the_user_for_good(self) -> None:
        done = subprocess.run(
            leashed(["id", "-u"], user="nobody"), capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "65534"
