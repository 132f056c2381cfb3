"""`make drill`: kill, crash and spoil a fresh platform under load, and count what was lost."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from rich.console import Console

from infra.local.failure import CannotStart
from infra.local.leash import tie_to_parent
from infra.local.run import chosen_home
from tests.resilience.drill import run_drill
from tests.resilience.homes import forget, forget_abandoned, keep, make_home
from tests.resilience.options import OUTAGE, PAYMENTS, PLATFORM, RACES, Wanted, read_options
from tests.resilience.outage_drill import run_outage
from tests.resilience.payments_drill import run_payments
from tests.resilience.race_drill import run_races
from tests.resilience.screen import DrillScreen, Finding, save

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


class Outcome(Finding, Protocol):
    """What a drill found, for people and for programs."""

    @property
    def has_passed(self) -> bool:
        """Whether every promise was kept."""

    def as_document(self) -> dict[str, object]:
        """Give all of it as JSON values."""


Drill = Callable[[Path], Outcome]
"""Makes a drill in a home of its own."""


def main(arguments: Sequence[str]) -> int:
    """Make the wanted drills; return 0 if every promise was kept, 1 if not, 2 for wrong usage."""
    wanted = read_options(list(arguments))
    _listen_for_signals()
    console = Console(highlight=False)
    screen = DrillScreen(console)
    forget_abandoned()
    outcomes: dict[str, Outcome] = {}
    try:
        choices = _choices(wanted, screen)
        for name in wanted.drills:
            announcement, drill = choices[name]
            console.print(f"  Seed {wanted.seed}: {announcement}")
            outcomes[name] = _make(drill, screen, keeps=wanted.keeps)
            file = save(_document(wanted, outcomes), home=chosen_home())
    except CannotStart as error:
        screen.stop()
        console.print(f"  ✗ {error}", markup=False, soft_wrap=True, style="red")
        return 1
    except KeyboardInterrupt:
        screen.stop()
        console.print("\n  Stopped everything; there is no verdict.")
        return INTERRUPTED
    console.print(f"  The figures are in {file}", markup=False, soft_wrap=True)
    return 0 if all(outcome.has_passed for outcome in outcomes.values()) else 1


def _make(drill: Drill, screen: DrillScreen, *, keeps: bool) -> Outcome:
    """Make one drill in a home of its own, which stays when something was found."""
    home = make_home()
    is_kept = keeps
    try:
        outcome = drill(home)
        is_kept = is_kept or not outcome.has_passed
        screen.finding(outcome)
    except CannotStart:
        is_kept = True
        raise
    finally:
        if is_kept:
            keep(home)
            screen.kept(home)
        else:
            forget(home)
    return outcome


def _choices(wanted: Wanted, screen: DrillScreen) -> dict[str, tuple[str, Drill]]:
    """Give each drill with what is announced of it, by name."""
    platform, payments, outage, races = (
        wanted.platform,
        wanted.payments,
        wanted.outage,
        wanted.races,
    )
    return {
        PLATFORM: (
            f"{platform.orders} orders in {platform.seconds:.0f} s, with faults all along",
            lambda home: run_drill(platform, home=home, screen=screen),
        ),
        PAYMENTS: (
            f"{payments.payments} payments in {payments.seconds:.0f} s, faults at every point",
            lambda home: run_payments(payments, home=home, screen=screen),
        ),
        OUTAGE: (
            f"a provider is away for {outage.outage_seconds:.0f} s, as for half an hour",
            lambda home: run_outage(outage, home=home, screen=screen),
        ),
        RACES: (
            f"{races.races} races in {races.seconds:.0f} s, each for one payment",
            lambda home: run_races(races, home=home, screen=screen),
        ),
    }


def _document(wanted: Wanted, outcomes: dict[str, Outcome]) -> dict[str, object]:
    """Put the results together: the platform's as ever, those of the others below their names."""
    documents = {name: outcome.as_document() for name, outcome in outcomes.items()}
    return {
        **documents.pop(PLATFORM, {}),
        "passed": all(outcome.has_passed for outcome in outcomes.values()),
        "seed": wanted.seed,
        "drills": list(outcomes),
        **documents,
    }


def _listen_for_signals() -> None:
    for number in STOP_SIGNALS:
        # `nohup` asks us to survive the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    if "MAKELEVEL" in os.environ:
        tie_to_parent(signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    # Nothing may interrupt the orderly stop that begins now.
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
