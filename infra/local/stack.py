"""The whole platform, running: for `make run`, the tests, the benchmark and the drills."""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from infra.local import postgres, valkey
from infra.local.commands import Commands, Preparation
from infra.local.credentials import credentials_in
from infra.local.data_area import find_area
from infra.local.description import Run
from infra.local.environment import mailbox_in, metrics_in, stack_environment
from infra.local.failure import CannotStart
from infra.local.home import Claim, Home
from infra.local.ports import FIRST_SIMULATORS_PORT, FIRST_WEB_PORT, Ports
from infra.local.programs import (
    ROLES,
    SCHEDULER,
    SIMULATORS,
    STOP_ORDER,
    WEB,
    WORKER_QUEUES,
    Programs,
)
from infra.local.providers import bases_of
from infra.local.services import Report, Services
from infra.local.supervisor import Program, Supervisor

READY_SECONDS = 120.0


def silent(step: str, seconds: float) -> None:
    """Report nothing."""


class Stack:
    """PostgreSQL, Valkey and the platform's processes, in one home folder; started once.

    A stack that is not durable is fast, may lose data in a crash and forgets its database when it
    stops. With no `roles` there are only the two services. `environment` comes before the
    variables of this process; `EMBEDDED` in it asks for embedded servers even if this process uses
    others. As a context manager it is started on entry and stopped on exit.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        environment: Mapping[str, str] | None = None,
        roles: Collection[str] = ROLES,
        report: Report = silent,
    ) -> None:
        self.home = Home(path=home.resolve())
        self.environment: dict[str, str] = {
            **os.environ,
            # Not the settings of the process that starts us, which may be a test run.
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            **(environment or {}),
        }
        self.supervisor = Supervisor(on_change=self._refresh_pids)
        self._durable = durable
        self._roles = [role for role in ROLES if role in roles]
        self._report = report
        self._ports = Ports()
        self._commands = Commands()
        self._claim: Claim | None = None
        self._services: Services | None = None
        self._run: Run | None = None
        self._writing = threading.Lock()

    @property
    def run(self) -> Run:
        """What the run file says, with the processes of this moment.

        Raises:
            RuntimeError: the stack is not running, or without any of the platform's roles.
        """
        if self._run is None:
            raise RuntimeError("only a running stack with roles can describe itself")
        return {**self._run, "pids": {"launcher": os.getpid(), **self.supervisor.pids()}}

    @property
    def base_url(self) -> str:
        """Where the web server answers."""
        return self.environment["OMS_BASE_URL"]

    def start(self) -> None:
        """Bring everything up; return when the platform takes orders.

        Raises:
            CannotStart: something is missing, taken or broken. All that was started is stopped.
        """
        try:
            self._start()
        except (CannotStart, OSError, psycopg.Error) as error:
            problem = self._sentence_for(error)
            self.stop()
            raise CannotStart(problem) from error
        except BaseException:
            self.stop()
            raise

    def wait(self) -> str:
        """Wait for as long as all is well; return the sentence that says what is not."""
        return self.home.explain(self.supervisor.wait())

    def stop(self) -> None:
        """Stop everything in order and leave the home to others. Stopping again changes nothing."""
        with self._writing:
            self._run = None
            if self._claim is not None:
                self.home.run_file.unlink(missing_ok=True)
        self._commands.abandon()
        for group in STOP_ORDER:
            self.supervisor.stop(*group)
        self.supervisor.close()
        if self._services is not None:
            self._services.forget_temporary_data()
        self._ports.release()
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def forget(self) -> None:
        """Stop, then delete the home and the database's files, for homes that nobody returns to."""
        self.stop()
        area = find_area(self.home)
        if area is not None:
            area.forget()
        self.home.forget()

    def __enter__(self) -> Self:
        """Start the stack."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the stack, whatever happened."""
        self.stop()

    def manage(self, *arguments: str) -> str:
        """Run a management command in the stack's environment and return what it printed.

        Raises:
            CannotStart: it failed; with the end of what it said.
        """
        return self._commands.manage(*arguments, environment=self.environment)

    def kill_postgres(self) -> None:
        """Crash the database as a power cut would; the supervisor brings it back by itself."""
        self.supervisor.kill(postgres.ROLE)

    def kill_valkey(self) -> None:
        """Crash the broker and cache; the supervisor brings them back by themselves."""
        self.supervisor.kill(valkey.ROLE)

    def restart_postgres(self) -> None:
        """Stop the database in good order, start it again and wait until it takes connections."""
        self.restart(postgres.ROLE)

    def restart_valkey(self) -> None:
        """Stop Valkey in good order, start it again and wait until it answers."""
        self.restart(valkey.ROLE)

    def restart(self, role: str) -> None:
        """Stop one role in good order, start it again and wait until it is ready."""
        self.supervisor.stop(role)
        self.supervisor.resume(role)
        self.wait_ready(role)

    def wait_ready(self, *roles: str, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until these roles are at work, for example after a kill.

        Raises:
            CannotStart: one of them keeps dying, or was not ready in time.
        """
        self.supervisor.wait_ready(*roles, timeout_seconds=timeout_seconds)

    def _start(self) -> None:
        self._claim = self.home.claim()
        self.home.require_room()
        self.home.run_file.unlink(missing_ok=True)
        credentials = credentials_in(self.home.path / "secrets")
        # Taken before anything slow, so that a wrong OMS_PORT is refused at once.
        web_port = self._ports.claim_wanted(
            self.environment.get("OMS_PORT", ""), variable="OMS_PORT", first=FIRST_WEB_PORT
        )
        simulators_port = self._ports.claim_from(FIRST_SIMULATORS_PORT)
        self._services = Services(
            home=self.home,
            environment=self.environment,
            credentials=credentials,
            ports=self._ports,
            supervisor=self.supervisor,
            durable=self._durable,
        )
        self._services.start(self._report)
        shutil.rmtree(metrics_in(self.home.path), ignore_errors=True)
        for folder in (metrics_in(self.home.path), mailbox_in(self.home.path)):
            folder.mkdir(exist_ok=True)
        self.environment = stack_environment(
            given=self.environment,
            home=self.home.path,
            credentials=credentials,
            services=self._services.variables,
            web_port=web_port,
            simulators_port=simulators_port,
        )
        if self._roles:
            preparation = self._commands.prepare(
                environment=self.environment, log=self.home.path / "logs" / "preparation.log"
            )
            self._start_processes(preparation, web_port, simulators_port)

    def _start_processes(
        self, preparation: Preparation, web_port: int, simulators_port: int
    ) -> None:
        programs = Programs(environment=self.environment, home=self.home.path)
        chosen: dict[str, Program] = {
            SIMULATORS: programs.simulators(simulators_port),
            WEB: programs.web(web_port),
            **{role: programs.worker(role) for role in WORKER_QUEUES},
            SCHEDULER: programs.scheduler(),
        }
        # These need no tables, and there are two cores.
        self._start_of(chosen, SIMULATORS, SCHEDULER)
        with self._step("Database tables"):
            preparation.wait_for_tables()
        started = time.monotonic()
        self._start_of(chosen, WEB, *WORKER_QUEUES)
        with ThreadPoolExecutor(max_workers=1) as background:
            # The demo data is made while the processes load: both take seconds of one core.
            description = background.submit(self._demo, preparation)
            try:
                self.wait_ready(*self._roles)
                self._report(f"{len(self._roles)} processes", time.monotonic() - started)
                run = description.result()
            except BaseException:
                self._commands.abandon()
                raise
        with self._writing:
            self._run = run
            self.home.write_run_file(self.run)

    def _start_of(self, programs: Mapping[str, Program], *roles: str) -> None:
        self.supervisor.start(*(programs[role] for role in roles if role in self._roles))

    def _demo(self, preparation: Preparation) -> Run:
        with self._step("Demo data and tokens"):
            prepared = preparation.wait_for_demo()
        simulators_url = self.environment["OMS_SIMULATORS_URL"]
        return {
            **prepared,
            "base_url": self.base_url,
            "admin_url": f"{self.base_url}/admin/",
            "simulators_url": simulators_url,
            "providers": bases_of(self.environment),
            "mailbox_url": f"{simulators_url}/mailbox",
            "database_url": self.environment["DATABASE_URL"],
            "redis_url": self.environment["REDIS_URL"],
            "broker_url": self.environment["CELERY_BROKER_URL"],
            "pids": {},
        }

    @contextlib.contextmanager
    def _step(self, label: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._report(label, time.monotonic() - started)

    def _refresh_pids(self) -> None:
        # A full disk must not end the thread that keeps the processes running.
        with self._writing, contextlib.suppress(OSError):
            if self._run is not None:
                self.home.write_run_file(self.run)

    def _sentence_for(self, error: Exception) -> str:
        if isinstance(error, OSError):
            where = f" ({error.filename})" if error.filename else ""
            problem = f"The operating system refused: {error.strerror or error}{where}."
        elif isinstance(error, psycopg.Error):
            problem = f"The database refused: {error}"
        else:
            problem = str(error)
        return self.home.explain(problem) if self._claim is not None else problem
