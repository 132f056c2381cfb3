"""An embedded PostgreSQL server: its binaries, its data, its settings, and when it is ready."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from infra.local.data_area import DataArea
from infra.local.failure import CannotStart
from infra.local.leash import leashed
from infra.local.ports import HOST
from infra.local.postgres_binaries import find_binaries, usable_by, version_of
from infra.local.supervisor import Program

ROLE = "postgres"
SUPERUSER = "oms"
DATABASE = "oms"
STATEMENTS = "pg_stat_statements"
# The status stands on the eighth line of postmaster.pid.
STATUS_LINE = 7


class Postgres:
    """One server with its data in one area. Not started here: `program` says how to."""

    def __init__(
        self, *, area: DataArea, port: int, password: str, log: Path, durable: bool
    ) -> None:
        self._area = area
        self._port = port
        self._password = password
        self._log = log
        self._durable = durable
        self._data = area.path / "data"
        self._binaries = usable_by(area.user, find_binaries(), area.path)
        self.version = version_of(self._binaries)

    @property
    def url(self) -> str:
        """Where clients find the application's database."""
        return self._url_of(DATABASE)

    @property
    def program(self) -> Program:
        """The server as a program to supervise; it is ready when clients may connect."""
        settings = _settings(durable=self._durable, has_statements=self._has_statements)
        return Program(
            role=ROLE,
            command=[
                str(self._binaries / "postgres"),
                *("-D", str(self._data), "-p", str(self._port)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            environment=self._environment,
            directory=Path("/"),
            log=self._log,
            user=self._area.user,
            # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGQUIT,
            grace_seconds=30.0,
            before_start=self._bury_remains,
            is_ready=self._is_ready,
        )

    def prepare(self) -> None:
        """Make the data folder unless it exists.

        Raises:
            CannotStart: it cannot be made, or another major version wrote it.
        """
        if self._data.exists():
            written_by = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
            if self.version.split(".")[0] != written_by:
                raise CannotStart(
                    f"The data in {self._data} was written by PostgreSQL {written_by}, and this "
                    f"is {self.version}: `make reset` forgets it."
                )
            return
        draft = self._area.path / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self._area.path) as password_file:
            password_file.write(self._password)
            password_file.flush()
            self._hand_over(draft, Path(password_file.name))
            made = subprocess.run(
                leashed(self._initdb_command(draft, password_file.name), user=self._area.user),
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its data folder:\n{made.stderr.strip()}")
        draft.rename(self._data)

    def prepare_database(self) -> None:
        """Create the application's database on the running server unless it exists."""
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [DATABASE]).fetchone() is None:
                create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                connection.execute(create)
        if self._has_statements:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {STATEMENTS}")

    @property
    def _has_statements(self) -> bool:
        return any(self._binaries.parent.glob(f"lib/**/{STATEMENTS}.so"))

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        return {**kept, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _initdb_command(self, folder: Path, password_file: str) -> list[str]:
        return [
            str(self._binaries / "initdb"),
            *("-D", str(folder), "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            *(() if self._durable else ("--no-sync",)),
        ]

    def _url_of(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}:{self._password}@{HOST}:{self._port}/{database}"

    def _hand_over(self, *paths: Path) -> None:
        if self._area.user is not None:
            account = pwd.getpwnam(self._area.user)
            for path in paths:
                os.chown(path, account.pw_uid, account.pw_gid)

    def _is_ready(self, pid: int) -> bool:
        """Read what the server says of itself; a killed one leaves a stale word, hence the pid."""
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return int(lines[0]) == pid and "ready" in lines[STATUS_LINE]
        except (OSError, IndexError, ValueError):
            return False

    def _bury_remains(self) -> None:
        """End what a killed server left: a new one refuses to start beside its orphans.

        Safe because this stack alone uses the home, so no living server belongs to this data.
        """
        remains = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in remains:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(remains, timeout=10)
        if alive:
            raise CannotStart(f"An old server will not end: process {alive[0].pid}.")
        # Its process number may belong to a stranger by now, which would look like a server.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.name() == "postgres" and process.cwd() == str(self._data.resolve())
        except psutil.Error:
            return False


def _settings(*, durable: bool, has_statements: bool) -> dict[str, str]:
    """Choose the server's settings for two cores and one busy application."""
    settings = {
        "listen_addresses": HOST,
        # No socket: its path would have to be short and reachable for both users.
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        # Under load tables that grow from nothing are sampled every minute; a quarter of the sample costs
        # less and shows as well that rows are found by key.
        "default_statistics_target": "25",
        "jit": "off",
        "client_connection_check_interval": "1s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "log_min_duration_statement": "500",
        # A row that breaks a rule, and what a slow statement was given, may be somebody's address.
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_line_prefix": "%m [%p] %a ",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if has_statements:
        settings["shared_preload_libraries"] = STATEMENTS
    if not durable:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
        }
    return settings
