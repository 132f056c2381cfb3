"""`make bench`: measure a fresh platform under load, show the figures and keep them."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from infra.local.failure import CannotStart
from infra.local.leash import tie_to_parent
from infra.local.run import chosen_home
from tests.performance.benchmark import Benchmark
from tests.performance.homes import forget_abandoned
from tests.performance.report import make_console, save, show
from tests.performance.scenarios import SCENARIOS, chosen

CEILING_SECONDS, QUICK_CEILING_SECONDS = 8.0, 4.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Make the chosen runs; return 0 once they are made, whatever the figures."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        scenarios = chosen(
            only=options.only, quick=options.quick, rate=options.rate, seconds=options.seconds
        )
    except ValueError as error:
        parser.error(str(error))
    _listen_for_signals()
    console = make_console()
    home = chosen_home()
    benchmark = Benchmark(
        console,
        ceiling_seconds=QUICK_CEILING_SECONDS if options.quick else CEILING_SECONDS,
        keep=options.keep,
    )
    try:
        forget_abandoned()
        benchmark.make(scenarios, is_bounded=options.seconds is None)
        if benchmark.ceilings:
            show(console, benchmark.runs, benchmark.ceilings)
        file = save(benchmark.runs, home=home)
    except CannotStart as error:
        console.print(f"  ✗ {error}", markup=False, soft_wrap=True, style="red")
        return 1
    except KeyboardInterrupt:
        console.print("\n  Stopped everything.")
        return INTERRUPTED
    console.print(f"\n  The figures are in {file}", markup=False, soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.performance",
        description="Measure the whole platform under load. Several minutes; --quick takes one.",
    )
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", default=[], help=f"make only these runs: {names}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a minute's worth of short runs, for a first look"
    )
    parser.add_argument(
        "--seconds", type=_positive, help="how long orders arrive in each run (bursts excepted)"
    )
    parser.add_argument(
        "--rate", type=_positive, help="orders a minute in each run (bursts excepted)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the platform's data and logs, and say where"
    )
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise ValueError(text)
    return number


def _listen_for_signals() -> None:
    for number in STOP_SIGNALS:
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
