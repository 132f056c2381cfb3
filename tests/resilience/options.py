"""What a drill can be told on the command line."""

import argparse
import random
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.resilience.outage_plan import OutagePlan, quick_outage
from tests.resilience.payments_plan import PaymentsPlan, quick_payments
from tests.resilience.plan import Plan, quick_plan
from tests.resilience.races_plan import RacesPlan, quick_races

PLATFORM, PAYMENTS, OUTAGE, RACES = "platform", "payments", "outage", "races"
DRILLS = (PLATFORM, PAYMENTS, OUTAGE, RACES)
SMALLEST_FACTOR = Fraction(1, 200)
MOST_ORDERS, LONGEST_SECONDS = 100_000, 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which drills to make, and how large each is."""

    seed: int
    drills: tuple[str, ...]
    keeps: bool
    platform: Plan
    payments: PaymentsPlan
    outage: OutagePlan
    races: RacesPlan


def read_options(arguments: list[str]) -> Wanted:
    """Read the command line.

    Raises:
        SystemExit: with 2, after a line that says what is wrong.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10_000)
    try:
        return Wanted(
            seed=seed,
            drills=tuple(one for one in DRILLS if not options.only or one in options.only),
            keeps=options.keep,
            platform=_platform(options, seed),
            payments=_payments(options, seed),
            outage=_outage(options, seed),
            races=_races(options, seed),
        )
    except ValueError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.resilience",
        description="Kill processes, crash servers and spoil the payment providers under load, then "
        "check every promise.",
    )
    parser.add_argument("--seed", type=int, help="what to draw orders and faults from")
    parser.add_argument(
        "--only", action="append", choices=DRILLS, help="make this drill alone; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="small drills, for CI")
    parser.add_argument("--keep", action="store_true", help="keep the platforms' data and logs")
    platform = parser.add_argument_group("the drill of the whole platform")
    platform.add_argument("--orders", type=int, help="how many orders (1200)")
    platform.add_argument("--rate", type=float, help="orders a second (20)")
    platform.add_argument("--seconds", type=float, help="how long orders and faults come (60)")
    platform.add_argument(
        "--kill-every", type=float, metavar="SECONDS", help="how often a process is killed (1)"
    )
    others = parser.add_argument_group("the drills of payments")
    others.add_argument("--payments", type=int, help="how many payments, and races (1000)")
    others.add_argument(
        "--factor",
        type=_share,
        metavar="SHARE",
        help="how much shorter than half an hour the outage is (1/30)",
    )
    return parser


def _share(text: str) -> Fraction:
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(text) from error


def _platform(options: argparse.Namespace, seed: int) -> Plan:
    """Read a plan from the options; of orders, rate and seconds any two give the third.

    Raises:
        ValueError: they contradict each other, or ask for too much or nothing.
    """
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


def _payments(options: argparse.Namespace, seed: int) -> PaymentsPlan:
    plan = quick_payments(seed=seed) if options.quick else PaymentsPlan(seed=seed)
    return replace(plan, payments=_count(options, plan.payments))


def _races(options: argparse.Namespace, seed: int) -> RacesPlan:
    plan = quick_races(seed=seed) if options.quick else RacesPlan(seed=seed)
    return replace(plan, races=_count(options, plan.races))


def _count(options: argparse.Namespace, otherwise: int) -> int:
    if options.payments is None:
        return otherwise
    if not 1 <= options.payments <= MOST_ORDERS:
        raise ValueError(f"--payments must be from 1 to {MOST_ORDERS}")
    return int(options.payments)


def _outage(options: argparse.Namespace, seed: int) -> OutagePlan:
    plan = quick_outage(seed=seed) if options.quick else OutagePlan(seed=seed)
    if options.factor is None:
        return plan
    if not SMALLEST_FACTOR <= options.factor <= 1:
        raise ValueError("--factor must be from 1/200 to 1")
    return replace(plan, factor=float(options.factor))
