"""What commands without arguments do about arguments."""

import sys


def insist_on_none() -> None:
    """End with status 2 and one line where arguments were given: they were meant to change something.

    Raises:
        SystemExit: there are some.
    """
    if given := sys.argv[1:]:
        print(f"This command takes no arguments: {' '.join(given)}.", file=sys.stderr)
        raise SystemExit(2)
