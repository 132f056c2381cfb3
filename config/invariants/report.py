"""Show what a check found: to a person as a table, to a program as a document."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.invariants.checking import Finding


def as_document(findings: Sequence[Finding]) -> dict[str, object]:
    """Give the findings as JSON values, but for times and ids, which have a text form."""
    return {
        "holds": all(finding.holds for finding in findings),
        "invariants": [
            {
                "name": finding.invariant.name,
                "holds": finding.holds,
                "count": finding.count,
                "rows": finding.rows,
                "means": finding.invariant.means,
                "remedy": finding.invariant.remedy,
                "problem": finding.problem,
                "skipped": finding.is_skipped,
                "seconds": round(finding.seconds, 4),
            }
            for finding in findings
        ],
    }


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print a line for each invariant, then what is known of those that do not hold."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "invariant"):
        table.add_column(heading, overflow="fold")
    for heading in ("against it", "ms"):
        table.add_column(heading, justify="right")
    for finding in findings:
        table.add_row(
            _mark(finding),
            finding.invariant.name.replace("_", " "),
            str(finding.count or ""),
            f"{finding.seconds * 1000:.0f}",
        )
    console.print(table)
    if all(finding.holds for finding in findings):
        console.print(Text(_all_hold(findings), style="green"))
    for finding in findings:
        if not finding.holds:
            _explain(finding, console)


def _all_hold(findings: Sequence[Finding]) -> str:
    skipped = sum(finding.is_skipped for finding in findings)
    asked = f"All {len(findings) - skipped} that were asked hold"
    return f"{asked}; {skipped} (–) have no table here." if skipped else f"{asked}."


def _mark(finding: Finding) -> Text:
    if finding.is_skipped:
        return Text("–", style="yellow")
    return Text("✓", style="green") if finding.holds else Text("✗", style="red")


def _explain(finding: Finding, console: Console) -> None:
    console.print()
    console.print(Text(f"✗ {finding.invariant.name}", style="bold red"))
    console.print(Text(finding.invariant.means))
    if finding.problem:
        console.print(Text(f"Not known: {finding.problem}."))
        return
    console.print(Text(finding.invariant.remedy))
    for row in finding.rows:
        pairs = "  ".join(f"{name}={value}" for name, value in row.items())
        # Left to the terminal to wrap, so that ids can be copied and searched for.
        console.print(Text(f"    {pairs}"), soft_wrap=True)
    if hidden := finding.count - len(finding.rows):
        console.print(Text(f"    … and {hidden} more", style="dim"))
