"""Shows the figures in a terminal and keeps them for scripts."""

import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.local.failure import CannotStart
from infra.local.home import Home
from tests.performance.ceiling import Ceiling
from tests.performance.figures import Percentiles, Run
from tests.performance.processes import GROUPS

FOLDER = "bench"
FILE = "latest.json"
# Where nobody looks at a terminal the tables need not be squeezed.
LEAST_WIDTH = 120


def make_console() -> Console:
    """Give a console wide enough for the tables."""
    console = Console(highlight=False)
    if not console.is_terminal:
        return Console(highlight=False, width=LEAST_WIDTH)
    return console


def show(console: Console, runs: Sequence[Run], ceilings: Sequence[Ceiling]) -> None:
    """Print the figures, the targets and what else is worth knowing."""
    found = [ceiling.orders_per_min for ceiling in ceilings]
    bounds = " to ".join(f"{one:,.0f}" for one in sorted({min(found), max(found)}))
    console.print()
    console.print(_speed(runs))
    console.print()
    console.print(_cost(runs))
    console.print(
        f"  Ceiling: {bounds} orders a minute by {ceilings[0].made_by}: their "
        "bare statements in three commits, by 8 clients, on this machine's database before each platform.\n"
        f"  Python: {platform.python_version()} in {sys.base_prefix}",
        style="dim",
    )
    for run in runs:
        if run.steps:
            console.print()
            console.print(_steps(run))
    if any(run.targets for run in runs):
        console.print()
        console.print(_targets(runs))
    for run in runs:
        kinds = [f"{count} × {kind}" for kind, count in run.error_kinds.items()]
        for note in (*kinds, *run.notes):
            console.print(f"  {run.name}: {note}", style="yellow")


def save(runs: Sequence[Run], *, home: Path) -> Path:
    """Keep the figures as JSON, in place of the last ones; give the file."""
    if not home.exists() or not any(home.iterdir()):
        # The folder becomes a home at once, or `make run` would take it for somebody else's.
        Home(path=home).claim().release()
    folder = home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{FILE}.new"
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(runs), indent=2) + b"\n")
        draft.replace(folder / FILE)
    except OSError as error:
        raise CannotStart(f"{folder / FILE} cannot be written: {error.strerror}.") from error
    return folder / FILE


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("run", style="bold", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _speed(runs: Iterable[Run]) -> Table:
    table = _table(
        "Orders a minute, and milliseconds from the scheduled arrival (p50 / p95 / p99)",
        *("offered", "accepted", "confirmed", "to placement", "to confirmation"),
        *("backlog", "errors"),
    )
    for run in runs:
        table.add_row(
            run.name,
            f"{run.offered_per_min:,.0f}" if run.offered_per_min else "at once",
            f"{run.accepted_per_min:,.0f}",
            f"{run.confirmed_per_min:,.0f}",
            _times(run.placement_ms),
            _times(run.confirm_ms),
            f"{run.backlog_start:,.0f} → {run.backlog_end:,.0f}" if run.offered_per_min else "–",
            Text(str(run.errors), style="red" if run.errors else ""),
        )
    return table


def _cost(runs: Iterable[Run]) -> Table:
    table = _table(
        "What a confirmed order costs in milliseconds of CPU and statements; peak memory",
        *("CPU", "web", "worker", "PostgreSQL", "other", "statements"),
        *("MiB", "of ceiling", "generator", "late ms"),
    )
    for run in runs:
        table.add_row(
            run.name,
            _number(run.cpu_ms_per_order),
            *(_number(run.cpu_ms_by_role.get(role)) for role in GROUPS),
            _number(run.statements_per_order, 1),
            f"{run.peak_rss_mib:,.0f}",
            f"{run.ratio_to_ceiling:.1%}",
            _number(run.generator_cpu_ms_per_order),
            _number(run.generator_late_ms, 1),
        )
    return table


def _steps(run: Run) -> Table:
    table = _table("The search for saturation", "offered", "placement p95 ms", "backlog", "outcome")
    for step in run.steps:
        table.add_row(
            run.name,
            f"{step.offered_per_min:,.0f}",
            _number(step.placement_p95_ms, 1),
            f"{step.backlog_end:,.0f}",
            Text(f"broke: {step.broke_by}", style="red") if step.broke_by else "kept up",
        )
    return table


def _targets(runs: Iterable[Run]) -> Table:
    table = _table("Targets", "target", "wanted", "measured", "verdict")
    for run in runs:
        for verdict in run.targets:
            table.add_row(
                run.name,
                verdict.target,
                verdict.wanted,
                verdict.measured,
                Text("✓ met", style="green")
                if verdict.is_met
                else Text(f"✗ missed by {verdict.missed_by or 'all'}", style="red"),
            )
    return table


def _times(times: Percentiles) -> str:
    values = (times.p50, times.p95, times.p99)
    return " / ".join("–" if value is None else f"{value:,.0f}" for value in values)


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
