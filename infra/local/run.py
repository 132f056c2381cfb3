"""`make run`: the whole platform in this terminal, until Ctrl-C."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from infra.local.arguments import insist_on_none
from infra.local.failure import CannotStart
from infra.local.home import DEFAULT_HOME
from infra.local.leash import tie_to_parent
from infra.local.screen import Screen
from infra.local.stack import Stack
from infra.local.terminal import stop_with_the_terminal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToStop(BaseException):
    """Somebody wants the terminal back; `at` is the monotonic time of the wish, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.at = time.monotonic()


def chosen_home() -> Path:
    """Give the folder that OMS_HOME names, or the checkout's own."""
    return Path(os.environ.get("OMS_HOME") or DEFAULT_HOME).resolve()


def main() -> int:
    """Run the platform until it is asked to stop, or breaks; return the exit status."""
    _open_standard_files()
    _listen_for_signals()
    screen, errors = Screen(Console()), Console(stderr=True)
    home = chosen_home()
    started = time.monotonic()
    stack = Stack(home, report=screen.step)
    problem, asked_at = "", started
    try:
        stack.start()
        screen.ready(stack.run, home=home, seconds=time.monotonic() - started)
        problem = stack.wait()
    except CannotStart as error:
        problem = str(error)
    except AskedToStop as asked:
        asked_at = asked.at
        print(end="\n" if sys.stdout.isatty() else "")
    _ignore_signals()
    stack.stop()
    if problem:
        errors.print(f"  ✗ {problem}", markup=False, highlight=False, soft_wrap=True, style="red")
        return 1
    screen.stopped(time.monotonic() - asked_at)
    return 0


def _open_standard_files() -> None:
    """Fill the places of closed standard files, or a lock of ours would end up in one of them."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a tick shows a question mark.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _listen_for_signals() -> None:
    for number in STOP_SIGNALS:
        # `nohup` asks us to survive the terminal; a shell's `&` asks nothing by ignoring SIGINT.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    stop_with_the_terminal()
    if "MAKELEVEL" in os.environ:
        tie_to_parent(signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise AskedToStop


def _ignore_signals() -> None:
    """Let nothing interrupt the orderly stop that has begun."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    insist_on_none()
    sys.exit(main())
