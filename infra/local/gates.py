"""The quality gates of `make check`, and how the answer of each is judged."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

SOURCES = ("apps", "config", "infra")
LEAST_COVERAGE_PERCENT = 80
TESTS = "tests"
# Starting programs, which the first four warn of, is what the launcher is for. The others are asked
# by the linter too, where each exception stands with its reason.
BANDIT_SKIPS = "B404,B603,B606,B607,B105,B106,B311,B608"


class Outcome(Enum):
    """How a gate ended; the value is its mark and the colour of it."""

    PASSED = ("✓", "green")
    FAILED = ("✗", "red")
    SKIPPED = ("–", "yellow")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """An outcome with a remark fit for its line."""

    outcome: Outcome
    remark: str = ""


Judge = Callable[[int, str], Verdict]


def by_exit_status(status: int, output: str) -> Verdict:
    """Judge by the exit status alone."""
    return Verdict(outcome=Outcome.FAILED if status else Outcome.PASSED)


def by_last_line(status: int, output: str) -> Verdict:
    """Judge by the exit status and repeat the last line, which sums the run up."""
    lines = output.strip().splitlines()
    return Verdict(
        outcome=by_exit_status(status, output).outcome,
        remark=lines[-1].strip("= ") if lines else "",
    )


def by_audit(status: int, output: str) -> Verdict:
    """Judge an audit by what it could look up: unknown packages are no clean bill of health."""
    unreachable = Verdict(
        outcome=Outcome.SKIPPED, remark="the vulnerability database cannot be reached"
    )
    start = output.find('{"dependencies"')
    if start < 0:
        return unreachable
    answer, _ = json.JSONDecoder().raw_decode(output[start:])
    packages = answer["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):
        return unreachable
    if unknown:
        return Verdict(outcome=Outcome.FAILED, remark="not looked up: " + ", ".join(unknown))
    return Verdict(
        outcome=by_exit_status(status, output).outcome, remark=f"{len(packages)} packages"
    )


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A named check: its command, how to judge the answer, and whether it wants a database."""

    name: str
    command: tuple[str, ...]
    judge: Judge = by_exit_status
    uses_services: bool = False


def module(*arguments: str) -> tuple[str, ...]:
    """Run a module with the Python that runs us."""
    return (sys.executable, "-m", *arguments)


def manage(*arguments: str) -> tuple[str, ...]:
    """Run a management command."""
    return (sys.executable, "manage.py", *arguments)


def script(name: str, *arguments: str) -> tuple[str, ...]:
    """Run a program of the virtual environment that has no module to call."""
    return (str(Path(sys.executable).with_name(name)), *arguments)


GATES = (
    Gate(name="format", command=module("ruff", "format", "--check", ".")),
    Gate(name="lint", command=module("ruff", "check", ".")),
    Gate(name="types", command=module("mypy", *SOURCES, "tests"), judge=by_last_line),
    Gate(name="imports", command=script("lint-imports")),
    Gate(
        name="migrations",
        command=manage("makemigrations", "--check", "--dry-run"),
        uses_services=True,
    ),
    Gate(
        name="schema",
        command=manage("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
        uses_services=True,
    ),
    Gate(name="security", command=module("bandit", "-q", "-r", *SOURCES, "--skip", BANDIT_SKIPS)),
    Gate(
        name="vulnerabilities",
        command=module(
            *("pip_audit", "--requirement", "requirements/base.txt", "--require-hashes"),
            *("--disable-pip", "--progress-spinner", "off", "--format", "json"),
        ),
        judge=by_audit,
    ),
    Gate(
        name="duplicates",
        command=module(
            *("pylint", "--disable=all", "--enable=duplicate-code", "--ignore=migrations"),
            *("--min-similarity-lines=8", "--ignore-imports=y", "--ignore-signatures=y", *SOURCES),
        ),
    ),
    Gate(
        name=TESTS,
        command=module(
            *("pytest", "--quiet", "--numprocesses", "auto", "--maxprocesses", "4"),
            *("--dist", "loadgroup", "--cov", f"--cov-fail-under={LEAST_COVERAGE_PERCENT}"),
        ),
        judge=by_last_line,
    ),
)
