"""The supervisor: what dies comes back, what is stopped stays down, what is broken is reported."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from infra.local.failure import CannotStart
from infra.local.home import PROJECT
from infra.local.supervisor import Program, Supervisor, log_tail

SLEEP = ("sleep", "60")
STUBBORN = ("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
PATIENCE_SECONDS = 30.0
T = TypeVar("T")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    watching = Supervisor()
    yield watching
    watching.close()


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def build(command: Sequence[str] = SLEEP, *, role: str = "worker", grace: float = 5) -> Program:
        return Program(
            role=role,
            command=command,
            environment=dict(os.environ),
            directory=tmp_path,
            log=tmp_path / f"{role}.log",
            grace_seconds=grace,
        )

    return build


def wait_for(question: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def running(supervisor: Supervisor, role: str = "worker", *, other_than: int = 0) -> int:
    def other() -> int | None:
        pid = supervisor.pids().get(role)
        return pid if pid != other_than else None

    return wait_for(other)


class TestRestart:
    def test_brings_back_what_was_killed(
        self, supervisor: Supervisor, program: Callable[..., Program]
    ) -> None:
        supervisor.start(program())
        first = running(supervisor)

        os.kill(first, signal.SIGKILL)

        second = running(supervisor, other_than=first)
        assert psutil.pid_exists(second)
        assert not psutil.pid_exists(first)

    def test_never_tires_of_bringing_back_what_is_killed_from_outside(
        self, supervisor: Supervisor, program: Callable[..., Program]
    ) -> None:
        supervisor.start(program())
        pid = 0
        for _ in range(7):
            pid = running(supervisor, other_than=pid)
            supervisor.kill("worker")

        running(supervisor, other_than=pid)
        assert supervisor.failure is None

    def test_ends_the_children_that_a_dead_process_leaves(
        self, supervisor: Supervisor, program: Callable[..., Program], tmp_path: Path
    ) -> None:
        supervisor.start(program(("sh", "-c", "sleep 60 & echo $!; wait")))
        first = running(supervisor)
        child = int(wait_for(lambda: (tmp_path / "worker.log").read_text().strip()))

        os.kill(first, signal.SIGKILL)

        running(supervisor, other_than=first)
        wait_for(lambda: not is_alive(child))

    def test_gives_up_on_what_cannot_even_start_and_quotes_its_log(
        self,
        supervisor: Supervisor,
        program: Callable[..., Program],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("infra.local.supervisor.FIRST_DELAY_SECONDS", 0.01)
        supervisor.start(program(("sh", "-c", "echo no such table: orders; exit 3")))

        sentence = supervisor.wait()

        assert sentence.startswith("worker ended 5 times within 3 seconds of its start.")
        assert sentence.endswith("  no such table: orders")
        assert (sentence.count("no such table"), supervisor.pids()) == (5, {})

    def test_reports_a_program_that_refuses_to_be_started(
        self, supervisor: Supervisor, tmp_path: Path
    ) -> None:
        def refuse() -> None:
            raise CannotStart("the data is locked")

        supervisor.start(
            Program(
                role="database",
                command=SLEEP,
                environment={},
                directory=tmp_path,
                log=tmp_path / "database.log",
                before_start=refuse,
            )
        )

        assert supervisor.wait() == "database cannot be started: the data is locked"


class TestStop:
    def test_keeps_down_what_it_stopped_until_told_otherwise(
        self, supervisor: Supervisor, program: Callable[..., Program]
    ) -> None:
        supervisor.start(program())
        first = running(supervisor)

        supervisor.stop("worker")
        time.sleep(0.4)
        assert supervisor.pids() == {}

        supervisor.resume("worker")
        assert running(supervisor) != first

    def test_kills_what_does_not_listen(
        self, supervisor: Supervisor, program: Callable[..., Program], tmp_path: Path
    ) -> None:
        supervisor.start(program(STUBBORN, grace=0.3))
        pid = running(supervisor)
        wait_for(lambda: "deaf" in (tmp_path / "worker.log").read_text())
        started = time.monotonic()

        supervisor.stop("worker")

        assert 0.3 <= time.monotonic() - started < 10
        assert not psutil.pid_exists(pid)

    def test_stops_several_at_once(
        self, supervisor: Supervisor, program: Callable[..., Program]
    ) -> None:
        slow = ("sh", "-c", "trap 'sleep 2; exit' TERM; while :; do sleep 0.05; done")
        roles = [f"worker-{number}" for number in range(4)]
        supervisor.start(*(program(slow, role=role) for role in roles))
        for role in roles:
            running(supervisor, role)
        time.sleep(0.3)
        started = time.monotonic()

        supervisor.stop(*roles)

        assert time.monotonic() - started < 6, "it took them one after the other"
        assert supervisor.pids() == {}

    def test_leaves_nothing_behind_when_its_own_process_is_killed(self, tmp_path: Path) -> None:
        launcher = f"""
import time
from pathlib import Path
from infra.local.supervisor import Program, Supervisor
here = Path({str(tmp_path)!r})
supervisor = Supervisor()
supervisor.start(Program(role="worker", command={SLEEP!r}, environment={{}}, directory=here,
                         log=here / "log"))
while not supervisor.pids():
    time.sleep(0.01)
print(supervisor.pids()["worker"], flush=True)
time.sleep(60)
"""
        with subprocess.Popen(
            [sys.executable, "-c", launcher], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            worker = int(process.stdout.readline())
            process.kill()

        wait_for(lambda: not is_alive(worker))


class TestWaitReady:
    def test_gives_up_after_the_time_and_quotes_the_log(
        self, supervisor: Supervisor, tmp_path: Path
    ) -> None:
        supervisor.start(
            Program(
                role="web",
                command=("sh", "-c", "echo still loading; sleep 60"),
                environment={},
                directory=tmp_path,
                log=tmp_path / "web.log",
                is_ready=lambda pid: False,
            )
        )

        with pytest.raises(CannotStart) as refusal:
            supervisor.wait_ready("web", timeout_seconds=1)

        assert str(refusal.value).startswith("web was not ready after 1 seconds.")
        assert str(refusal.value).endswith("  still loading")

    def test_asks_about_the_process_of_the_moment(
        self, supervisor: Supervisor, tmp_path: Path
    ) -> None:
        asked: list[int] = []

        def is_ready(pid: int) -> bool:
            asked.append(pid)
            return True

        supervisor.start(
            Program(
                role="web",
                command=SLEEP,
                environment={},
                directory=tmp_path,
                log=tmp_path / "web.log",
                is_ready=is_ready,
            )
        )

        supervisor.wait_ready("web", timeout_seconds=PATIENCE_SECONDS)

        assert asked == [supervisor.pids()["web"]]


class TestOnChange:
    def test_is_called_for_every_start_and_end(self, program: Callable[..., Program]) -> None:
        seen: list[int] = []
        watching = Supervisor(on_change=lambda: seen.append(len(watching.pids())))
        watching.start(program())
        wait_for(lambda: seen == [1])

        watching.close()

        assert seen == [1, 0]


class TestLogTail:
    def test_quotes_the_last_lines_only(self, tmp_path: Path) -> None:
        log = tmp_path / "web.log"
        log.write_text("\n".join(f"line {number}" for number in range(40)))

        assert log_tail(log).splitlines()[2:] == [f"  line {number}" for number in range(25, 40)]

    def test_is_empty_without_a_log(self, tmp_path: Path) -> None:
        assert log_tail(tmp_path / "none.log") == ""


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
