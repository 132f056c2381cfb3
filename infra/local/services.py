"""PostgreSQL and Valkey of one stack: embedded ones, or those that the environment names."""

import time
from collections.abc import Callable, Mapping

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.local import postgres, valkey
from infra.local.credentials import Credentials
from infra.local.data_area import DataArea, data_area
from infra.local.failure import CannotStart
from infra.local.home import Home
from infra.local.ports import FIRST_POSTGRES_PORT, FIRST_VALKEY_PORT, Ports
from infra.local.postgres import Postgres
from infra.local.supervisor import Supervisor
from infra.local.valkey import BROKER, CACHE, Valkey

READY_SECONDS = 120.0
REACH_SECONDS = 3

Report = Callable[[str, float], None]


class Services:
    """What the platform's processes talk to. `start` once, then read the URLs."""

    def __init__(
        self,
        *,
        home: Home,
        environment: Mapping[str, str],
        credentials: Credentials,
        ports: Ports,
        supervisor: Supervisor,
        durable: bool,
    ) -> None:
        self._home = home
        self._credentials = credentials
        self._ports = ports
        self._supervisor = supervisor
        self._durable = durable
        self._area: DataArea | None = None
        self.database_url = environment.get("DATABASE_URL", "")
        self.redis_url = environment.get("REDIS_URL", "")
        self.broker_url = environment.get("CELERY_BROKER_URL", "") or self.redis_url

    @property
    def variables(self) -> dict[str, str]:
        """The URLs under the names that the platform reads them by."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "CELERY_BROKER_URL": self.broker_url,
        }

    def start(self, report: Report) -> None:
        """Start what is embedded and check that what is not can be reached.

        Raises:
            CannotStart: a server is missing, does not start, or does not answer.
        """
        if self.database_url:
            check_database(self.database_url)
        if self.redis_url:
            check_redis(self.redis_url, "REDIS_URL")
        if self.broker_url != self.redis_url and self.broker_url.startswith("redis"):
            check_redis(self.broker_url, "CELERY_BROKER_URL")
        if not self.redis_url:
            self._start_valkey(report)
        if not self.database_url:
            self._start_postgres(report)

    def forget_temporary_data(self) -> None:
        """Delete the database's files if they were not meant to last."""
        if self._area is not None and not self._durable:
            self._area.forget()

    def _start_postgres(self, report: Report) -> None:
        started = time.monotonic()
        self._area = data_area(self._home, is_temporary=not self._durable)
        port = self._ports.claim_from(FIRST_POSTGRES_PORT)
        server = Postgres(
            area=self._area,
            port=port,
            password=self._credentials.database_password,
            log=self._home.path / "logs" / "postgres.log",
            durable=self._durable,
        )
        server.prepare()
        self._supervisor.start(server.program)
        self._supervisor.wait_ready(postgres.ROLE, timeout_seconds=READY_SECONDS)
        server.prepare_database()
        self.database_url = server.url
        report(f"PostgreSQL {server.version} on port {port}", time.monotonic() - started)

    def _start_valkey(self, report: Report) -> None:
        started = time.monotonic()
        port = self._ports.claim_from(FIRST_VALKEY_PORT)
        server = Valkey(
            folder=self._home.path / "valkey",
            port=port,
            password=self._credentials.valkey_password,
            log=self._home.path / "logs" / "valkey.log",
            durable=self._durable,
        )
        self._supervisor.start(server.program)
        self._supervisor.wait_ready(valkey.ROLE, timeout_seconds=READY_SECONDS)
        self.redis_url = server.url(CACHE)
        self.broker_url = self.broker_url or server.url(BROKER)
        report(f"Valkey on port {port}", time.monotonic() - started)


def check_database(url: str) -> None:
    """Make sure that the database of DATABASE_URL lets us in.

    Raises:
        CannotStart: it does not, and why.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise CannotStart("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    try:
        psycopg.connect(url, connect_timeout=REACH_SECONDS).close()
    except psycopg.Error as error:
        # What cannot be read is quoted whole, with its password.
        reason = str(error).strip().splitlines()[0].partition(" in URI: ")[0]
        raise CannotStart(
            f"The database of DATABASE_URL cannot be reached: {reason.rstrip('.')}. "
            "Start it, correct DATABASE_URL, or unset it to use the embedded one."
        ) from error


def check_redis(url: str, name: str) -> None:
    """Make sure that the server which a variable names answers.

    Raises:
        CannotStart: it does not, and why.
    """
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=REACH_SECONDS, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(
            f"The server of {name} cannot be reached: {str(error).rstrip('.')}. "
            f"Start it, correct {name}, or unset it to use the embedded one."
        ) from error
