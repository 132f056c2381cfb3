"""Makes one run on a running platform: load, settling, and the figures of both."""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from infra.local.failure import CannotStart
from infra.local.home import PROJECT
from infra.local.leash import leashed
from infra.local.stack import Stack
from tests.performance.ceiling import Ceiling
from tests.performance.database import Observer, Spent, Statements, UnderWay
from tests.performance.figures import Backlog, Run, StatementCost, per_minute, percentiles_ms
from tests.performance.generator import PATIENCE_SECONDS
from tests.performance.load import Answer, Load, LoadReport
from tests.performance.processes import PeakMemory, cpu_between, cpu_seconds
from tests.performance.scenarios import SANDBOX, Scenario

SETTLE_SECONDS = 30.0
SETTLE_PAUSE_SECONDS = 0.25
START_SECONDS = 30.0
# A backlog may breathe by so many seconds' worth of arrivals and still count as flat.
FLAT_SECONDS = 1.0
LATE_MS = 20.0

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a run took, from its first order until the platform rested again."""

    cpu: Mapping[str, float]
    peak_mib: float
    statements: Statements
    dearest: Sequence[Spent]
    left: UnderWay


class Bench:
    """Measures runs on one platform, against one ceiling."""

    def __init__(self, stack: Stack, *, ceiling: Ceiling, progress: Progress) -> None:
        self._stack = stack
        self._ceiling = ceiling
        self._progress = progress

    def measure(self, scenario: Scenario) -> Run:
        """Make one run; returns once the platform rests again, or after half a minute of waiting.

        Raises:
            CannotStart: the generator failed; with what it said.
        """
        run = self._stack.run
        self._slow_down(scenario)
        with (
            Observer(run["database_url"]) as observer,
            PeakMemory(lambda: self._stack.run["pids"]) as memory,
        ):
            observer.forget_statements()
            before, first = cpu_seconds(run["pids"]), observer.statements()
            started = time.time()
            report = self._generate(self._load(scenario))
            left = self._settle(observer, started)
            last, after = observer.statements(), cpu_seconds(self._stack.run["pids"])
            costs = Costs(
                cpu=cpu_between(before, after),
                peak_mib=memory.mib,
                statements=msgspec.structs.replace(
                    last,
                    count=last.count - first.count,
                    control=None if last.control is None else last.control - (first.control or 0),
                ),
                dearest=observer.dearest(),
                left=left,
            )
            confirmed = observer.confirmations(started)
        notes = [] if run["pids"] == self._stack.run["pids"] else ["a process was started anew"]
        return sum_up(scenario, report, confirmed, costs, ceiling=self._ceiling, notes=notes)

    def _load(self, scenario: Scenario) -> Load:
        run = self._stack.run
        address = urlsplit(run["base_url"])
        return Load(
            host=address.hostname or "",
            port=address.port or 80,
            token=run["token"],
            customer_id=run["customer_id"],
            key_prefix=f"bench-{uuid.uuid4().hex}",
            phases=list(scenario.phases),
            connections=scenario.connections,
            hot_sku=scenario.hot_sku,
            means=scenario.means,
        )

    def _slow_down(self, scenario: Scenario) -> None:
        """Have the calls of the simulated provider take as long as the run wants."""
        if scenario.means == SANDBOX:
            return
        # Its books are emptied as well: what earlier runs left would only cost memory.
        url = f"{self._stack.run['simulators_url']}/{scenario.means.provider}"
        latency = json.dumps({"latency_ms": scenario.platform.gateway_latency_ms}).encode()
        for path, body in (("_reset", b""), ("_faults", latency)):
            request = urllib.request.Request(f"{url}/{path}", data=body, method="POST")
            with urllib.request.urlopen(request, timeout=5):
                pass

    def _generate(self, load: Load) -> LoadReport:
        seconds = sum(phase.seconds for phase in load.phases)
        with tempfile.TemporaryDirectory(prefix="oms-load-") as folder:
            work, report, complaints = (
                Path(folder) / name for name in ("load", "report", "errors")
            )
            work.write_bytes(msgspec.json.encode(load))
            with work.open("rb") as given, complaints.open("wb") as errors:
                generator = subprocess.Popen(
                    leashed([sys.executable, "-m", "tests.performance.generator", str(report)]),
                    cwd=PROJECT,
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    # Ctrl-C is for us; we end the generator.
                    start_new_session=True,
                )
            limit = threading.Timer(seconds + PATIENCE_SECONDS + START_SECONDS, generator.kill)
            limit.start()
            try:
                with generator:
                    self._follow(generator)
            finally:
                limit.cancel()
                generator.kill()
            if generator.returncode != 0:
                raise CannotStart(f"The load generator failed:\n{complaints.read_text()}")
            return msgspec.json.decode(report.read_bytes(), type=LoadReport)

    def _follow(self, generator: "subprocess.Popen[bytes]") -> None:
        for line in generator.stdout or ():
            sent, answered, accepted = json.loads(line)
            refused = f", {answered - accepted} refused" if answered > accepted else ""
            self._progress(f"{sent} sent, {answered} answered{refused}")

    def _settle(self, observer: Observer, since: float) -> UnderWay:
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            left = observer.under_way(since)
            if left.is_nothing or time.monotonic() > deadline:
                return left
            self._progress(f"settling: {left.orders} orders, {left.deliveries} events to go")
            time.sleep(SETTLE_PAUSE_SECONDS)


def sum_up(
    scenario: Scenario,
    report: LoadReport,
    confirmed: Mapping[str, float],
    costs: Costs,
    *,
    ceiling: Ceiling,
    notes: Sequence[str] = (),
) -> Run:
    """Turn what was seen into figures."""
    start = report.started_at + scenario.measured_from
    end = report.started_at + scenario.seconds
    accepted = [answer for answer in report.answers if answer.is_accepted]
    done = [answer for answer in accepted if answer.order_id in confirmed]
    accepted_at = [answer.answered_at for answer in accepted]
    confirmed_at = [confirmed[answer.order_id] for answer in done]
    measured = [answer for answer in accepted if answer.scheduled_at >= start]
    backlog = Backlog(accepted=accepted_at, confirmed=confirmed_at)
    length = end - start
    backlog_start = backlog.mean(start + 0.1 * length, start + 0.3 * length)
    backlog_end = backlog.mean(start + 0.8 * length, end)
    kinds = errors_of(report.answers, unconfirmed=len(accepted) - len(done))
    orders = max(1, len(done))
    cpu = {role: round(1000 * spent / orders, 3) for role, spent in costs.cpu.items()}
    confirmed_per_min = confirmed_rate(confirmed_at, start=start, end=end)
    control = costs.statements.control
    return Run(
        name=scenario.name,
        offered_per_min=round(scenario.offered_per_min, 1),
        seconds=scenario.seconds,
        orders=len(report.answers),
        accepted_per_min=round(per_minute(accepted_at, start=start, end=end), 1),
        confirmed_per_min=round(confirmed_per_min, 1),
        errors=sum(kinds.values()),
        error_kinds=kinds,
        placement_ms=percentiles_ms(
            [answer.answered_at - answer.scheduled_at for answer in measured]
        ),
        confirm_ms=percentiles_ms(
            [
                confirmed[answer.order_id] - answer.scheduled_at
                for answer in measured
                if answer.order_id in confirmed
            ]
        ),
        backlog_start=round(backlog_start, 1),
        backlog_end=round(backlog_end, 1),
        backlog_is_flat=is_flat(backlog_start, backlog_end, scenario.offered_per_min),
        cpu_ms_per_order=round(sum(cpu.values()), 3) if done else None,
        cpu_ms_by_role=cpu if done else {},
        peak_rss_mib=round(costs.peak_mib, 1),
        statements_per_order=round(costs.statements.count / orders, 2) if done else None,
        statements_are=costs.statements.are,
        transaction_control_per_order=(
            None if control is None or not done else round(control / orders, 2)
        ),
        dearest_statements=[
            StatementCost(
                statement=spent.statement[:500],
                calls_per_order=round(spent.calls / orders, 3),
                ms_per_order=round(spent.milliseconds / orders, 4),
            )
            for spent in costs.dearest
        ],
        ceiling_per_min=round(ceiling.orders_per_min),
        ratio_to_ceiling=round(confirmed_per_min / ceiling.orders_per_min, 4),
        gateway_latency_ms=scenario.platform.gateway_latency_ms,
        generator_cpu_ms_per_order=round(1000 * report.cpu_seconds / len(report.answers), 3),
        generator_late_ms=report.late_ms,
        notes=[*notes, *_lateness(report.late_ms), *_leftovers(costs.left)],
    )


def errors_of(answers: Sequence[Answer], *, unconfirmed: int) -> dict[str, int]:
    """Count what went wrong by kind: a status, no answer, or accepted and never confirmed."""
    kinds = Counter(
        f"status {answer.status}" if answer.status else "no answer"
        for answer in answers
        if not answer.is_accepted
    )
    if unconfirmed:
        kinds["accepted, never confirmed"] = unconfirmed
    return dict(kinds)


def confirmed_rate(instants: Sequence[float], *, start: float, end: float) -> float:
    """Give the confirmations a minute, counted for as long as orders arrive, from the first one on.

    The first one takes its time to come; that is latency, and no lack of throughput.
    """
    if end <= start:
        return per_minute(instants, start=start, end=end)
    first = min((instant for instant in instants if instant >= start), default=start)
    return per_minute(instants, start=first, end=first + end - start)


def is_flat(start: float, end: float, offered_per_min: float) -> bool:
    """Tell whether the backlog grew by less than a second's worth of arrivals."""
    return end - start <= FLAT_SECONDS * offered_per_min / 60


def _lateness(late_ms: float) -> list[str]:
    if late_ms <= LATE_MS:
        return []
    return [f"the generator woke up {late_ms:.0f} ms late at p99: the processors were busy"]


def _leftovers(left: UnderWay) -> list[str]:
    if left.is_nothing:
        return []
    return [
        f"after {SETTLE_SECONDS:.0f} s still under way: {left.orders} orders, "
        f"{left.deliveries} events, {left.payment_calls} payment calls"
    ]
