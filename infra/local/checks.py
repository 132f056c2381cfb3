"""`make check`: every quality gate, one line each; the output of those that fail; exit status 1."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from infra.local.environment import EMBEDDED
from infra.local.failure import CannotStart
from infra.local.gates import GATES, TESTS, Gate, Outcome, Verdict
from infra.local.home import PROJECT
from infra.local.stack import Stack

LABEL_WIDTH = 40


def main(wanted: Collection[str]) -> int:
    """Run the wanted gates, or all of them; return 1 when one of them failed."""
    console = Console(highlight=False)
    chosen = [gate for gate in GATES if not wanted or gate.name in wanted]
    unknown = set(wanted) - {gate.name for gate in GATES}
    if unknown:
        console.print(f"No such check: {', '.join(sorted(unknown))}.")
        return 2
    failures: list[tuple[Gate, str]] = []
    closing = ""
    with tempfile.TemporaryDirectory(prefix="oms-check-") as folder:
        for gate, environment in with_environments(chosen, Path(folder)):
            verdict, output = run(gate, environment, console)
            if verdict.outcome is Outcome.FAILED:
                failures.append((gate, output))
            if gate.name == TESTS:
                closing = output.strip().rpartition("\n")[2]
    for gate, output in failures:
        console.rule(f"{gate.name} failed", style="red")
        console.print(output.strip(), markup=False, soft_wrap=True)
    if closing:
        # As the test runner wrote it: whoever reads the log by machine looks for this line.
        console.print(closing, markup=False, soft_wrap=True)
    return 1 if failures else 0


def with_environments(
    gates: Collection[Gate], folder: Path
) -> Iterator[tuple[Gate, Mapping[str, str]]]:
    """Pair each gate with its environment; the services run while a gate that uses them does."""
    for gate in gates:
        if not gate.uses_services:
            yield gate, os.environ
            continue
        with Stack(folder, durable=False, roles=(), environment=EMBEDDED) as stack:
            yield gate, {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings.test"}


def run(gate: Gate, environment: Mapping[str, str], console: Console) -> tuple[Verdict, str]:
    """Run one gate, show its line, and return its verdict and all that it printed."""
    started = time.monotonic()
    done = subprocess.run(
        gate.command,
        env=dict(environment),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = gate.judge(done.returncode, done.stdout)
    mark, style = verdict.outcome.value
    label = f"{gate.name} SKIPPED" if verdict.outcome is Outcome.SKIPPED else gate.name
    console.print(
        Text.assemble(
            (f"  {mark} ", style),
            f"{label:<{LABEL_WIDTH}} {time.monotonic() - started:>6.1f} s",
            f"  {verdict.remark}" if verdict.remark else "",
        ),
        soft_wrap=True,
    )
    return verdict, done.stdout


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
