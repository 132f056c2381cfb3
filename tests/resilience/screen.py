"""What a drill shows while it runs and at its end, and the file that it leaves."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from infra.local.home import Home
from tests.resilience.verdict import Violations

FOLDER, FILE = "drill", "latest.json"
LINE_EVERY_SECONDS = 5.0
LABEL_WIDTH = 40


class Finding(Protocol):
    """What a drill found: labelled figures, perhaps a chart, and every promise with what breaks it."""

    @property
    def lines(self) -> Sequence[tuple[str, str]]:
        """The figures that are shown, each with its label."""

    @property
    def chart(self) -> Sequence[str]:
        """Lines that are shown as they are."""

    @property
    def violations(self) -> Violations:
        """Every promise, with what breaks it."""


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

    def finding(self, finding: Finding) -> None:
        """Show what a drill found."""
        self.stop()
        self._console.print()
        table = Table.grid(padding=(0, 2))
        for label, value in finding.lines:
            table.add_row("", Text(label, style="bold"), Text(value, overflow="fold"))
        self._console.print(table)
        for line in finding.chart:
            self._console.print(f"  {line}", markup=False, soft_wrap=True)
        self._console.print()
        for name, rows in finding.violations.items():
            mark, style = ("✗", "red") if rows else ("✓", "green")
            count = f"  {len(rows)}" if rows else ""
            self._console.print(Text(f"  {mark} {name.replace('_', ' ')}{count}", style=style))
            for row in rows[:5]:
                self._console.print(f"      {row}", markup=False, soft_wrap=True)
        self._console.print()

    def kept(self, home: Path) -> None:
        """Say where the data of a drill are that found something."""
        self._console.print(
            f"  Data and logs are kept in {home}", markup=False, soft_wrap=True, style="yellow"
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


def save(document: Mapping[str, object], *, home: Path) -> Path:
    """Keep the results as JSON, in place of the last ones; give the file."""
    if not home.exists():
        # The folder becomes a home at once, or `make run` would take it for somebody else's.
        Home(path=home).claim().release()
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    file = folder / FILE
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return file
