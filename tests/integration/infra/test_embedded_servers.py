"""The two services, for real: they start, crash, come back with their data, and leave no trace."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.local.data_area import find_area
from infra.local.environment import EMBEDDED
from infra.local.failure import CannotStart
from infra.local.home import PROJECT, Home
from infra.local.stack import Stack

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to nobody")
PATIENCE_SECONDS = 20.0


def services(
    home: Path, *, durable: bool = True, environment: Mapping[str, str] | None = None
) -> Stack:
    return Stack(home, durable=durable, roles=(), environment={**EMBEDDED, **(environment or {})})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with services(tmp_path_factory.mktemp("stack") / "home") as running:
        yield running
    running.forget()


def ask(stack: Stack, query: str) -> object:
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def tell(stack: Stack, statement: str) -> None:
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())


def wait_for_another(stack: Stack, role: str, pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while stack.supervisor.pids().get(role) in (None, pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stack.wait_ready(role, timeout_seconds=PATIENCE_SECONDS)


class TestPostgres:
    def test_is_durable_unless_told_otherwise(self, stack: Stack) -> None:
        assert ask(stack, "SHOW fsync") == "on"
        assert ask(stack, "SHOW synchronous_commit") == "on"
        assert ask(stack, "SHOW full_page_writes") == "on"

    def test_listens_on_the_loopback_address_alone(self, stack: Stack) -> None:
        assert ask(stack, "SHOW listen_addresses") == "127.0.0.1"
        assert ask(stack, "SHOW unix_socket_directories") == ""

    def test_lets_nobody_in_without_the_password(self, stack: Stack) -> None:
        password = stack.environment["DATABASE_URL"].split(":")[2].split("@")[0]
        url = stack.environment["DATABASE_URL"].replace(password, "guess")

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)

    def test_counts_statements(self, stack: Stack) -> None:
        assert ask(stack, "SELECT count(*) > 0 FROM pg_stat_statements") is True

    def test_keeps_committed_rows_through_a_crash(self, stack: Stack) -> None:
        tell(stack, "CREATE TABLE crashed AS SELECT 42 AS answer")
        pid = stack.supervisor.pids()["postgres"]

        stack.kill_postgres()

        wait_for_another(stack, "postgres", pid)
        assert ask(stack, "SELECT answer FROM crashed") == 42

    def test_comes_back_although_a_killed_server_left_orphans(self, stack: Stack) -> None:
        pid = stack.supervisor.pids()["postgres"]
        with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
            backend = connection.info.backend_pid
            os.kill(backend, signal.SIGSTOP)
            os.kill(pid, signal.SIGKILL)

            wait_for_another(stack, "postgres", pid)

        assert not psutil.pid_exists(backend)
        assert ask(stack, "SELECT 1") == 1

    def test_comes_back_although_a_stranger_has_its_old_process_number(self, stack: Stack) -> None:
        stack.supervisor.stop("postgres")
        area = find_area(stack.home)
        assert area is not None
        (area.path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n" + "x\n" * 6 + "ready")

        stack.supervisor.resume("postgres")
        stack.wait_ready("postgres", timeout_seconds=PATIENCE_SECONDS)

        assert ask(stack, "SELECT 1") == 1

    def test_restarts_in_good_order(self, stack: Stack) -> None:
        pid = stack.supervisor.pids()["postgres"]

        stack.restart_postgres()

        assert stack.supervisor.pids()["postgres"] != pid
        assert ask(stack, "SELECT 1") == 1

    @as_root
    def test_does_not_run_as_root(self, stack: Stack) -> None:
        assert psutil.Process(stack.supervisor.pids()["postgres"]).username() == "nobody"


class TestValkey:
    def test_keeps_what_it_was_told_through_a_crash(self, stack: Stack) -> None:
        with redis.Redis.from_url(stack.environment["REDIS_URL"]) as client:
            client.set("answer", 42)
            client.execute_command("WAITAOF", 1, 0, 2000)
        pid = stack.supervisor.pids()["valkey"]

        stack.kill_valkey()

        wait_for_another(stack, "valkey", pid)
        with redis.Redis.from_url(stack.environment["REDIS_URL"]) as client:
            assert client.get("answer") == b"42"

    def test_lets_nobody_in_without_the_password(self, stack: Stack) -> None:
        port = stack.environment["REDIS_URL"].rpartition(":")[2].partition("/")[0]

        with (
            redis.Redis(port=int(port), retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()

    def test_refuses_writes_rather_than_forget(self, stack: Stack) -> None:
        with redis.Redis.from_url(stack.environment["REDIS_URL"]) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


class TestStack:
    def test_finds_its_data_again(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        with services(home) as first:
            tell(first, "CREATE TABLE kept AS SELECT 7 AS answer")

        with services(home) as second:
            assert ask(second, "SELECT answer FROM kept") == 7
        second.forget()

        assert not home.exists()

    def test_runs_beside_another_one_and_forgets_what_need_not_be_durable(
        self, stack: Stack, tmp_path: Path
    ) -> None:
        home = tmp_path / "home"
        with services(home, durable=False) as other:
            assert ask(other, "SHOW fsync") == "off"
            assert other.environment["DATABASE_URL"] != stack.environment["DATABASE_URL"]
            assert other.environment["REDIS_URL"] != stack.environment["REDIS_URL"]
            assert other.base_url != stack.base_url

        assert find_area(Home(path=home)) is None

    def test_uses_the_servers_that_it_is_given(self, stack: Stack, tmp_path: Path) -> None:
        given = {name: stack.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}

        with services(tmp_path / "home", environment=given) as other:
            assert other.supervisor.pids() == {}
            assert other.environment["DATABASE_URL"] == given["DATABASE_URL"]
            assert other.environment["CELERY_BROKER_URL"] == given["REDIS_URL"]

    @pytest.mark.parametrize(
        ("variable", "url", "sentence"),
        [
            ("DATABASE_URL", "postgresql://127.0.0.1:1/oms", "DATABASE_URL cannot be reached"),
            ("DATABASE_URL", "mysql://127.0.0.1/oms", "DATABASE_URL must look like postgresql://"),
            ("REDIS_URL", "redis://127.0.0.1:1/0", "REDIS_URL cannot be reached"),
        ],
    )
    def test_says_which_given_server_is_out_of_reach(
        self, tmp_path: Path, variable: str, url: str, sentence: str
    ) -> None:
        stack = services(tmp_path / "home", environment={variable: url})

        with pytest.raises(CannotStart, match=sentence):
            stack.start()

        assert stack.supervisor.pids() == {}

    def test_refuses_a_taken_port_before_it_starts_anything(
        self, stack: Stack, tmp_path: Path
    ) -> None:
        port = stack.environment["DATABASE_URL"].rpartition(":")[2].partition("/")[0]
        other = services(tmp_path / "home", environment={"OMS_PORT": port})

        with pytest.raises(CannotStart, match=f"Port {port} is taken"):
            other.start()

        assert not (other.home.path / "valkey").exists()

    def test_leaves_no_process_behind_when_it_is_killed(self, tmp_path: Path) -> None:
        script = f"""
import time
from pathlib import Path
from infra.local.environment import EMBEDDED
from infra.local.stack import Stack
stack = Stack(Path({str(tmp_path / "home")!r}), durable=False, roles=(), environment=EMBEDDED)
stack.start()
print(*stack.supervisor.pids().values(), flush=True)
time.sleep(60)
"""
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        ) as launcher:
            assert launcher.stdout is not None
            pids = [int(pid) for pid in launcher.stdout.readline().split()]
            launcher.kill()

        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(psutil.pid_exists(pid) for pid in pids):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(pids) == 2
