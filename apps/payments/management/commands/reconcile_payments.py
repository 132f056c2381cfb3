"""Compare what providers settled with the payment ledger."""

import argparse
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from apps.kernel.money import Money
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.settlements import DifferenceState
from apps.payments.models import SettlementDifference
from apps.payments.ports import (
    GatewayMisused,
    GatewayUnavailable,
    ReportUnreadable,
    SettlementLine,
)
from apps.payments.services.reconcile_due import looked_back_to, note_reconciled
from apps.payments.services.reconcile_payments import reconcile_payments
from apps.platform.commands import PlatformCommand
from apps.platform.database_clock import database_now

DIFFERENCES, CANNOT, STOPPED = 1, 2, 130
MOST_SHOWN = 200
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""No provider reports anything older."""


class Command(PlatformCommand):
    help = (
        "Read what providers settled, book their fees and show what differs from the ledger. May be "
        "stopped and begun again. Ends with 0 when nothing is open, 1 when something is, 2 when nothing "
        "is and it was asked wrongly or a provider cannot be asked."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", default="", help="this one alone; default all in use")
        parser.add_argument(
            "--since",
            type=_instant,
            metavar="DATE",
            help="from this day or instant on, in UTC; default so many days ago as a provider may "
            "take (OMS_SETTLEMENT_DAYS) and a week",
        )
        parser.add_argument(
            "--until",
            type=_instant,
            metavar="DATE",
            help="up to the beginning of this day, or this instant; default now",
        )
        parser.add_argument(
            "--file",
            type=Path,
            metavar="PATH",
            help="read this report of --provider instead of asking: Adyen's settlement detail report "
            "(CSV), a saved answer of Stripe's balance transactions or of PayPal's transaction "
            "search (JSON); what it leaves out is missed only with --since",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        providers = _chosen(options["provider"])
        now = database_now()
        until = options["until"] or now
        since = options["since"] or looked_back_to(min(until, now))
        if since >= until:
            raise CommandError("--since has to lie before --until.", returncode=CANNOT)
        report = None
        if options["file"]:
            report = _read(options["provider"], options["file"])
        problems = []
        with self._progress() as progress:
            for provider in providers:
                task = progress.add_task(provider, total=None)
                try:
                    done = reconcile_payments(
                        provider=provider,
                        since=since,
                        until=until,
                        now=now,
                        report=report,
                        are_missed=report is None or options["since"] is not None,
                        on_page=partial(progress.advance, task),
                    )
                except (GatewayUnavailable, GatewayMisused, ReportUnreadable) as error:
                    problems.append(f"{provider} cannot be asked: {error}")
                    continue
                except KeyboardInterrupt as stop:
                    raise CommandError(
                        "Stopped. What was read is kept; begin again whenever you like.",
                        returncode=STOPPED,
                    ) from stop
                if report is None:
                    note_reconciled(provider=provider, since=since, until=until, now=now)
                self.stdout.write(f"{provider}: {done.lines_read} lines, {done.lines_new} new")
        open_count = self._show(providers)
        if open_count:
            said = "1 difference is" if open_count == 1 else f"{open_count} differences are"
            # Whatever else went wrong: money that is not where it should be comes first.
            raise CommandError(" ".join([f"{said} open.", *problems]), returncode=DIFFERENCES)
        if problems:
            raise CommandError(" ".join(problems), returncode=CANNOT)
        self.stdout.write("Report and ledger agree.")

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        console = Console(stderr=True)
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}  {task.completed:,.0f} lines"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as progress:
            yield progress

    def _show(self, providers: Sequence[str]) -> int:
        """Print what is open, the newest first, as far as a person can take it in; give how many."""
        found = SettlementDifference.objects.filter(
            provider__in=providers, state=DifferenceState.OPEN
        )
        count = found.count()
        if not count:
            return 0
        table = Table("Provider", "What", "About", "Order", "Ledger", "Report", "Found")
        for one in found.select_related("payment").order_by("-id")[:MOST_SHOWN]:
            table.add_row(
                one.provider,
                one.kind.replace("_", " "),
                one.subject,
                one.payment.order_number if one.payment else "–",
                _money(one.expected_minor, one.expected_currency),
                _money(one.found_minor, one.found_currency),
                f"{one.found_at:%Y-%m-%d}",
            )
        console = Console(width=None if self.stdout.isatty() else 160)
        with console.capture() as shown:
            console.print(table)
        self.stdout.write(shown.get())
        if count > MOST_SHOWN:
            self.stdout.write(f"{count - MOST_SHOWN} more are in the back office.")
        return count


def _chosen(name: str) -> list[str]:
    known = list(settings.OMS_GATEWAYS)
    if name and name not in known:
        raise CommandError(
            f"No provider {name!r} is in use; choose of {', '.join(known)}.", returncode=CANNOT
        )
    return [name] if name else known


def _read(provider: str, path: Path) -> Iterator[SettlementLine]:
    """Read a file to its end before anything of it is stored, and then line by line."""
    if not provider:
        raise CommandError("--file needs --provider: whose report is it?", returncode=CANNOT)
    try:
        body = path.read_bytes()
        deque(gateway_named(provider).read_report(body), maxlen=0)
        return gateway_named(provider).read_report(body)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}.", returncode=CANNOT
        ) from error
    except ReportUnreadable as error:
        raise CommandError(
            f"{path} is no report of {provider} that can be read: {error}", returncode=CANNOT
        ) from error


def _money(minor: int | None, currency: str) -> str:
    return str(Money(minor, currency)) if minor is not None else "–"


def _instant(text: str) -> datetime:
    """Read a day, which begins at midnight UTC, or an instant with its zone."""
    try:
        if len(text) == len("2026-11-22"):
            return _insist(datetime.combine(date.fromisoformat(text), time(tzinfo=UTC)), text)
        return _insist(datetime.fromisoformat(text), text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day or time") from error


def _insist(instant: datetime, text: str) -> datetime:
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    if not FIRST <= instant <= datetime.now(UTC) + timedelta(days=1):
        raise argparse.ArgumentTypeError(f"{text!r} is not between 2000 and tomorrow")
    return instant
