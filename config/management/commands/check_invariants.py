"""Check what must always hold across the contexts."""

import argparse
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable
from rich.console import Console

from apps.platform.commands import PlatformCommand
from config.invariants import Finding, Scope, check_invariants, list_invariants
from config.invariants.report import as_document, show

BROKEN = 1
CANNOT_WORK = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing here is older: ids tell the time since then."""


class Command(PlatformCommand):
    help = (
        "Check what must always hold, without changing or holding up anything. "
        "Ends with 0 when all holds, 1 when something does not, 2 when it was asked wrongly or the database "
        "cannot be asked."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
        parser.add_argument(
            "--settled",
            action="store_true",
            help="ask also for what holds only when nothing is under way",
        )
        parser.add_argument(
            "--since",
            type=_instant,
            metavar="TIME",
            help="look only at what was made since: 2026-11-22, 2026-11-22T08:00Z, or 90m, 24h, 7d ago",
        )
        parser.add_argument(
            "--stuck-after",
            type=_positive,
            default=10.0,
            metavar="MINUTES",
            help="how long something may take before it counts as stuck (10)",
        )
        parser.add_argument(
            "--time-limit",
            type=_positive,
            default=30.0,
            metavar="SECONDS",
            help="how long each question may take (30)",
        )
        parser.add_argument(
            "--only",
            action="append",
            metavar="NAME",
            help="check this invariant alone; may be given again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = list_invariants()
        wanted = options["only"] or [invariant.name for invariant in known]
        if unknown := set(wanted) - {invariant.name for invariant in known}:
            raise CommandError(
                f"There is no invariant {', '.join(sorted(unknown))}.", returncode=CANNOT_WORK
            )
        scope = Scope(
            since=options["since"],
            stuck_after=timedelta(minutes=options["stuck_after"]),
            is_settled=options["settled"] or bool(options["only"]),
            time_limit_seconds=options["time_limit"],
        )
        try:
            findings = check_invariants([one for one in known if one.name in wanted], scope=scope)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
                raise
            raise CommandError(
                "The database is not migrated to this release.", returncode=CANNOT_WORK
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_document(findings), default=str, indent=2))
        else:
            console = Console(
                force_terminal=self.stdout.isatty(), no_color=options["no_color"] or None
            )
            with console.capture() as shown:
                show(findings, console)
            self.stdout.write(shown.get())
        if broken := [finding for finding in findings if not finding.holds]:
            raise CommandError(_summary(broken, len(findings)), returncode=BROKEN)


def _summary(broken: list[Finding], asked: int) -> str:
    names = ", ".join(finding.invariant.name for finding in broken)
    return f"{len(broken)} of {asked} invariants do not hold: {names}."


def _instant(text: str) -> datetime:
    """Read a date, an instant with its zone, or an age such as `24h`."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[-1:] in units and text[:-1].isdecimal():
            instant = datetime.now(UTC) - timedelta(**{units[text[-1]]: int(text[:-1])})
        elif len(text) == len("2026-11-22"):
            instant = datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
        else:
            instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time") from error
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    if not EPOCH <= instant <= datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1970 and now")
    return instant


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
    if not 0 < number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1,000,000")
    return number
