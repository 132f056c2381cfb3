"""Makes things go wrong, on time: kills by process id, crashes servers, spoils the provider."""

import contextlib
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil
import psycopg
import redis
import requests

from infra.local.programs import ROLES, SIMULATORS
from infra.local.stack import Stack
from tests.resilience import plan
from tests.resilience.books import PROVIDERS
from tests.resilience.plan import Fault

CUT_CONNECTIONS = 6
HELD_SECONDS = 0.6
LOCK_TIMEOUT = "2s"
CONTROL_SECONDS = 3.0


class Mischief:
    """Carries out the faults of a plan against one stack, in a thread of its own.

    Only processes that the stack started are touched.
    """

    def __init__(self, stack: Stack, faults: Sequence[Fault], *, seed: int) -> None:
        """Prepare; nothing happens yet."""
        self.injected: Counter[str] = Counter()
        self.happened: list[tuple[float, Fault]] = []
        """What came about and when, in seconds since 1970."""
        self._stack = stack
        self._faults = faults
        self._chance = random.Random(f"targets {seed}")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mischief", daemon=True)
        self._log = stack.home.path / "faults.log"
        self._simulators = stack.environment["OMS_SIMULATORS_URL"]

    def start(self) -> None:
        """Begin; the faults' times count from now."""
        self._thread.start()

    def stop(self) -> None:
        """End all faults: nothing is frozen or spoilt any more when it returns."""
        self._stopped.set()
        self._thread.join()
        for role in ROLES:
            self._signal(role, signal.SIGCONT)
        for provider in PROVIDERS:
            self._mend(provider, {})

    def _run(self) -> None:
        started = time.monotonic()
        for fault in self._faults:
            if self._stopped.wait(max(0.0, started + fault.at - time.monotonic())):
                return
            # A fault that finds its target down already is no fault.
            with contextlib.suppress(
                psycopg.Error, redis.RedisError, requests.RequestException, psutil.Error
            ):
                if self._bring_about(fault):
                    self._note(fault)

    def _note(self, fault: Fault) -> None:
        what = f"{fault.kind} {fault.target}".strip()
        self.happened.append((time.time(), fault))
        if fault.kind not in plan.MENDING:
            self.injected[what] += 1
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()} {what}\n")

    def _bring_about(self, fault: Fault) -> bool:
        match fault.kind:
            case plan.KILL:
                return self._signal(fault.target, signal.SIGKILL)
            case plan.KILL_CHILD:
                return self._kill_child(fault.target)
            case plan.FREEZE:
                return self._signal(fault.target, signal.SIGSTOP)
            case plan.THAW:
                return self._signal(fault.target, signal.SIGCONT)
            case plan.CRASH_POSTGRES:
                self._stack.kill_postgres()
            case plan.KILL_VALKEY:
                self._stack.kill_valkey()
            case plan.WIPE_VALKEY:
                self._wipe_valkey()
            case plan.CUT:
                self._cut_connections()
            case plan.KILL_BEFORE_COMMIT:
                return self._kill_before_commit(fault.target)
            case plan.SPOIL_STRIPE | plan.SPOIL:
                self._spoil(fault.provider, fault.faults)
            case plan.MEND_STRIPE | plan.MEND:
                self._mend(fault.provider, fault.faults)
            case _:
                raise ValueError(fault.kind)
        return True

    def _signal(self, role: str, number: signal.Signals) -> bool:
        if role not in self._stack.supervisor.pids():
            return False
        self._stack.supervisor.kill(role, number)
        return True

    def _kill_child(self, role: str) -> bool:
        pid = self._stack.supervisor.pids().get(role)
        children = psutil.Process(pid).children(recursive=True) if pid else []
        if not children:
            return False
        self._chance.choice(children).kill()
        return True

    def _wipe_valkey(self) -> None:
        for name in ("REDIS_URL", "CELERY_BROKER_URL"):
            with redis.Redis.from_url(
                self._stack.environment[name], socket_timeout=CONTROL_SECONDS
            ) as client:
                client.flushall()

    def _cut_connections(self) -> None:
        with psycopg.connect(
            self._stack.environment["DATABASE_URL"], connect_timeout=2, autocommit=True
        ) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM ("
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s) victims",
                [CUT_CONNECTIONS],
            )

    def _kill_before_commit(self, role: str) -> bool:
        """Kill a worker that has the providers' answers and cannot write them down.

        Calls go on while their table is locked, so what was answered is known to the provider alone.
        """
        with psycopg.connect(
            self._stack.environment["DATABASE_URL"], connect_timeout=2
        ) as connection:
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            connection.execute("LOCK TABLE payments_paymentoperation IN SHARE ROW EXCLUSIVE MODE")
            self._stopped.wait(HELD_SECONDS)
            return self._signal(role, signal.SIGKILL)

    def _spoil(self, provider: str, faults: dict[str, object]) -> None:
        requests.post(
            f"{self._simulators}/{provider}/_faults", json=faults, timeout=CONTROL_SECONDS
        ).raise_for_status()

    def _mend(self, provider: str, faults: dict[str, object]) -> None:
        """End a provider's faults, but for those that last as long as the drill."""
        if SIMULATORS in self._stack.supervisor.pids():
            url = f"{self._simulators}/{provider}/_faults"
            requests.delete(url, timeout=CONTROL_SECONDS).raise_for_status()
            if faults:
                self._spoil(provider, faults)
