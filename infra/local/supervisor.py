"""Keeps named processes running: starts, restarts, stops and, on request, kills them."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

import psutil

from infra.local.failure import CannotStart
from infra.local.leash import leashed

TICK_SECONDS = 0.05
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0
QUICK_DEATH_SECONDS = 3.0
QUICK_DEATHS_ALLOWED = 5
LARGEST_LOG_BYTES = 20_000_000
TAIL_LINES = 15
# Ways to die that say nothing about the program: somebody wanted it gone.
KILLED_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Program:
    """A process to keep running, and how to treat it."""

    role: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    user: str | None = None
    stop_signal: Signals = signal.SIGTERM
    orphan_signal: Signals = signal.SIGKILL
    """What the kernel sends when the launcher itself disappears."""
    grace_seconds: float = 10.0
    """How long a stop may take before it turns into a kill."""
    before_start: Callable[[], None] = field(default=lambda: None)
    is_ready: Callable[[int], bool] = field(default=lambda pid: True)


@dataclass(kw_only=True)
class _Post:
    """The place of one program: who holds it now, and since when."""

    program: Program
    wanted: bool = True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    not_before: float = 0.0
    quick_deaths: int = 0


class Supervisor:
    """Runs programs by role. Safe to use from several threads.

    One thread of its own starts every process: the kernel ties a process to the thread that
    started it, so this one lives until `close`. `on_change` is called there after any process
    has started or ended.
    """

    def __init__(self, *, on_change: Callable[[], None] = lambda: None) -> None:
        self._posts: dict[str, _Post] = {}
        self._changed = threading.Condition()
        self._failure: str | None = None
        self._closed = False
        self._on_change = on_change
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """The sentence that says why the supervisor gave up, or None while all is well."""
        return self._failure

    def start(self, *programs: Program) -> None:
        """Take the programs on; a role that is taken already gets the new program."""
        with self._changed:
            for program in programs:
                self._posts[program.role] = _Post(program=program)
            self._changed.notify_all()

    def stop(self, *roles: str) -> None:
        """Ask the roles to end, all at once, and keep them down; kill those that take too long.

        Stopping what is stopped changes nothing.
        """
        with self._changed:
            posts = [self._posts[role] for role in roles if role in self._posts]
            asked = time.monotonic()
            for post in posts:
                post.wanted = False
                if post.process is not None:
                    post.process.send_signal(post.program.stop_signal)
            while alive := [post for post in posts if post.process is not None]:
                for post in alive:
                    if time.monotonic() - asked > post.program.grace_seconds:
                        self._signal_family(post, signal.SIGKILL)
                self._changed.wait(TICK_SECONDS)

    def resume(self, *roles: str) -> None:
        """Start roles again that were stopped; those that run are left alone."""
        with self._changed:
            for role in roles:
                post = self._posts[role]
                post.wanted, post.not_before, post.quick_deaths = True, 0.0, 0
            self._changed.notify_all()

    def kill(self, role: str, number: Signals = signal.SIGKILL) -> None:
        """Send a signal to a role's process and all its descendants, as an accident would.

        A role that dies of it is started again, after a fifth of a second.
        """
        with self._changed:
            self._signal_family(self._posts[role], number)

    def pids(self) -> dict[str, int]:
        """List the process of each role that has one at this moment."""
        with self._changed:
            return {role: post.process.pid for role, post in self._posts.items() if post.process}

    def wait_ready(self, *roles: str, timeout_seconds: float) -> None:
        """Wait until every role says that it is ready.

        Raises:
            CannotStart: one of them keeps dying, or was not ready in time; with its log's end.
        """
        deadline = time.monotonic() + timeout_seconds
        for role in roles:
            program = self._posts[role].program
            while True:
                if self._failure is not None:
                    raise CannotStart(self._failure)
                pid = self.pids().get(role)
                if pid is not None and program.is_ready(pid):
                    break
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"{role} was not ready after {timeout_seconds:.0f} seconds."
                        + log_tail(program.log)
                    )
                time.sleep(TICK_SECONDS / 2)

    def wait(self) -> str:
        """Wait for as long as all is well; return the sentence that says what is not."""
        with self._changed:
            while self._failure is None:
                self._changed.wait(1.0)
            return self._failure

    def close(self) -> None:
        """Stop what still runs, then the supervisor itself. Closing again changes nothing."""
        self.stop(*self._posts)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                changes = [self._tend(post) for post in self._posts.values()]
                if any(changes):
                    self._changed.notify_all()
            if any(changes):
                self._on_change()
            with self._changed:
                if not self._closed:
                    self._changed.wait(TICK_SECONDS)

    def _tend(self, post: _Post) -> bool:
        if post.process is not None:
            code = post.process.poll()
            if code is None:
                return False
            self._bury(post, post.process.pid, code)
            return True
        if not post.wanted or self._failure is not None or time.monotonic() < post.not_before:
            return False
        try:
            self._spawn(post)
        except (OSError, CannotStart) as error:
            self._failure = f"{post.program.role} cannot be started: {error}"
        return True

    def _spawn(self, post: _Post) -> None:
        program = post.program
        program.before_start()
        program.log.parent.mkdir(parents=True, exist_ok=True)
        if program.log.exists() and program.log.stat().st_size > LARGEST_LOG_BYTES:
            program.log.replace(program.log.with_suffix(".log.1"))
        with program.log.open("ab") as log:
            post.process = subprocess.Popen(
                leashed(program.command, orphan_signal=program.orphan_signal, user=program.user),
                env=dict(program.environment),
                cwd=program.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        post.started = time.monotonic()

    def _bury(self, post: _Post, pid: int, code: int) -> None:
        """Take a dead process off its post, with the children it left, and plan the next one."""
        post.process = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if not post.wanted:
            return
        was_quick = time.monotonic() - post.started < QUICK_DEATH_SECONDS
        if code in KILLED_FROM_OUTSIDE or not was_quick:
            post.quick_deaths = 0
        else:
            post.quick_deaths += 1
        delay = FIRST_DELAY_SECONDS * 2 ** max(0, post.quick_deaths - 1)
        post.not_before = time.monotonic() + min(delay, LONGEST_DELAY_SECONDS)
        if post.quick_deaths >= QUICK_DEATHS_ALLOWED:
            self._failure = (
                f"{post.program.role} ended {post.quick_deaths} times within "
                f"{QUICK_DEATH_SECONDS:.0f} seconds of its start." + log_tail(post.program.log)
            )

    def _signal_family(self, post: _Post, number: Signals) -> None:
        if post.process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            # Listed before the first signal: orphans can no longer be found through their parent.
            children = psutil.Process(post.process.pid).children(recursive=True)
            post.process.send_signal(number)
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.send_signal(number)


def log_tail(log: Path) -> str:
    """Quote the end of a log under a heading, or nothing when it is empty or missing."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return ""
    if not lines:
        return ""
    return f"\nThe end of {log}:\n" + "\n".join(f"  {line}" for line in lines)
