"""`make drill`: kill, crash and spoil a fresh platform under load, and count what was lost."""

import argparse
import os
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from rich.console import Console

from infra.local.failure import CannotStart
from infra.local.leash import tie_to_parent
from infra.local.run import chosen_home
from tests.resilience.drill import run_drill
from tests.resilience.homes import forget, forget_abandoned, keep, make_home
from tests.resilience.plan import Plan, quick_plan
from tests.resilience.screen import DrillScreen, save

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
MOST_ORDERS, LONGEST_SECONDS = 100_000, 3_600.0


def main(arguments: Sequence[str]) -> int:
    """Make one drill; return 0 if every promise was kept, 1 if not, 2 for wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        plan = _plan(options)
    except ValueError as error:
        parser.error(str(error))
    _listen_for_signals()
    console = Console(highlight=False)
    screen = DrillScreen(console)
    forget_abandoned()
    home = make_home()
    is_kept = bool(options.keep)
    console.print(
        f"  Seed {plan.seed}: {plan.orders} orders in {plan.seconds:.0f} s, with faults all along"
    )
    try:
        result = run_drill(plan, home=home, screen=screen)
        is_kept = is_kept or not result.has_passed
        file = save(result, home=chosen_home())
        screen.result(result, file=file, kept=home if is_kept else None)
    except CannotStart as error:
        is_kept = True
        screen.stop()
        console.print(f"  ✗ {error}", markup=False, soft_wrap=True, style="red")
        console.print(f"  Data and logs are kept in {home}", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        screen.stop()
        console.print("\n  Stopped everything; there is no verdict.")
        return INTERRUPTED
    finally:
        if is_kept:
            keep(home)
        else:
            forget(home)
    return 0 if result.has_passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.resilience",
        description="Kill processes, crash servers and spoil the payment provider under load, then "
        "check every promise. Two minutes; --quick takes less than one.",
    )
    parser.add_argument("--seed", type=int, help="what to draw orders and faults from")
    parser.add_argument("--orders", type=int, help="how many orders (1200)")
    parser.add_argument("--rate", type=float, help="orders a second (20)")
    parser.add_argument("--seconds", type=float, help="how long orders and faults come (60)")
    parser.add_argument(
        "--kill-every", type=float, metavar="SECONDS", help="how often a process is killed (1)"
    )
    parser.add_argument("--quick", action="store_true", help="a small drill, for CI")
    parser.add_argument("--keep", action="store_true", help="keep the platform's data and logs")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    """Read a plan from the options; of orders, rate and seconds any two give the third.

    Raises:
        ValueError: they contradict each other, or ask for too much or nothing.
    """
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10_000)
    plan = quick_plan(seed=seed) if options.quick else Plan(seed=seed)
    given = [options.orders, options.rate, options.seconds]
    if all(value is not None for value in given):
        raise ValueError("give two of --orders, --rate and --seconds; the third follows")
    if any(value is not None and not 0 < value < float("inf") for value in given):
        raise ValueError("--orders, --rate and --seconds must be above 0")
    if options.seconds is not None and options.orders is not None:
        plan = replace(plan, orders=options.orders, rate=options.orders / options.seconds)
    else:
        rate = options.rate or plan.rate
        seconds = options.seconds or plan.seconds
        plan = replace(plan, rate=rate, orders=options.orders or max(1, round(rate * seconds)))
    if options.kill_every is not None:
        if not 0.1 <= options.kill_every < float("inf"):
            raise ValueError("--kill-every must be at least 0.1")
        plan = replace(plan, kill_every=options.kill_every)
    if plan.orders > MOST_ORDERS or plan.seconds > LONGEST_SECONDS:
        raise ValueError(
            f"that is {plan.orders} orders in {plan.seconds:.0f} s; at most {MOST_ORDERS} orders "
            f"and {LONGEST_SECONDS:.0f} s"
        )
    return plan


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
