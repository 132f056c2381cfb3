"""What a drill shows while it runs and at its end, and the file that it leaves."""

import json
import time
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from infra.local.home import Home
from tests.resilience.drill import Result

FOLDER, FILE = "drill", "latest.json"
LINE_EVERY_SECONDS = 5.0
LABEL_WIDTH = 40


class DrillScreen:
    """One line that changes on a terminal; elsewhere a line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._last_line = 0.0

    def step(self, label: str, seconds: float) -> None:
        """Tick off one step of the start."""
        self._console.print(
            Text.assemble(("  ✓ ", "green"), f"{label:<{LABEL_WIDTH}} {seconds:>6.1f} s")
        )

    def going(self, *, seconds: float, asked: int, acknowledged: int, faults: int) -> None:
        """Show the rush."""
        self._say(
            f"{seconds:5.1f} s  {asked} orders asked, {acknowledged} acknowledged, {faults} faults"
        )

    def settling(self, *, seconds: float, moving: dict[str, int] | None) -> None:
        """Show what still moves."""
        if moving is None:
            rest = "the database is coming back"
        else:
            rest = ", ".join(f"{count} {kind}" for kind, count in moving.items()) or "quiet"
        self._say(f"{seconds:5.1f} s after the last fault: {rest}")

    def stop(self) -> None:
        """End the changing line."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def result(self, result: Result, *, file: Path, kept: Path | None) -> None:
        """Show what was found."""
        self.stop()
        self._console.print()
        self._console.print(_figures(result))
        self._console.print()
        for name, rows in result.violations.items():
            mark, style = ("✗", "red") if rows else ("✓", "green")
            count = f"  {len(rows)}" if rows else ""
            self._console.print(Text(f"  {mark} {name.replace('_', ' ')}{count}", style=style))
            for row in rows[:5]:
                self._console.print(f"      {row}", markup=False, soft_wrap=True)
        self._console.print(f"\n  The figures are in {file}", markup=False, soft_wrap=True)
        if kept is not None:
            self._console.print(
                f"  Data and logs are kept in {kept}", markup=False, soft_wrap=True, style="yellow"
            )

    def _say(self, text: str) -> None:
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            self._status.update(text)
        elif time.monotonic() - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(f"  {text}", markup=False)


def save(result: Result, *, home: Path) -> Path:
    """Keep the result as JSON, in place of the last one; give the file."""
    if not home.exists():
        # The folder becomes a home at once, or `make run` would take it for somebody else's.
        Home(path=home).claim().release()
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    file = folder / FILE
    file.write_text(json.dumps(result.as_document(), indent=2) + "\n", encoding="utf-8")
    return file


def _figures(result: Result) -> Table:
    quiet = result.seconds_to_quiet
    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("Seed", str(result.plan.seed)),
        ("Orders acknowledged", f"{result.acknowledged} of {result.plan.orders}"),
        ("What became of them", _counts(result.orders)),
        ("Messages", _counts(result.messages) or "none"),
        ("Tried again by customers", _counts(result.retries) or "never"),
        ("Faults", _counts(result.faults)),
        ("Deadlocks broken up", str(result.deadlocks)),
        ("Quiet after", "never" if quiet is None else f"{quiet:.1f} s"),
        ("Lasted", f"{result.seconds:.0f} s"),
    ):
        table.add_row("", Text(label, style="bold"), Text(value, overflow="fold"))
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in counts.items())
