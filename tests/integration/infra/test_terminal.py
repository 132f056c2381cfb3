"""Who is closed with the terminal, although nobody tells it."""

import os
import subprocess
import sys

import psutil
import pytest

from infra.local.home import PROJECT
from tests.waiting import has_ended, wait_until

FIRST = """
import fcntl, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]])
signal.signal(signal.SIGHUP, lambda number, frame: None)
child.wait()
"""
RUNNER = """
import signal, sys, time
from infra.local.terminal import stop_with_the_terminal
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[1] == "nohup" else signal.SIG_DFL)
stop_with_the_terminal()
print("ready", flush=True)
time.sleep(60)
"""


def start_like_make(how: str) -> tuple[int, psutil.Process]:
    """Start a terminal whose first process passes nothing on; gives its other end, and who runs in it."""
    ours, theirs = os.openpty()
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST, RUNNER, how],
        cwd=PROJECT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while not said.endswith(b"ready\r\n"):
        said += os.read(ours, 1000)
    (runner,) = psutil.Process(first.pid).children()
    return ours, runner


class TestATerminalThatIsClosed:
    def test_ends_what_runs_in_it(self) -> None:
        terminal, runner = start_like_make("plainly")
        os.close(terminal)
        wait_until(lambda: has_ended(runner))

    def test_does_not_end_what_was_asked_to_survive_it(self) -> None:
        terminal, runner = start_like_make("nohup")
        os.close(terminal)
        with pytest.raises(psutil.TimeoutExpired):
            runner.wait(timeout=0.5)
        runner.kill()
