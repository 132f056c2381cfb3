"""`make reset`: forget the data of this checkout."""

import sys

from infra.local.arguments import insist_on_none
from infra.local.data_area import find_area
from infra.local.failure import CannotStart
from infra.local.home import Home
from infra.local.run import chosen_home


def main() -> int:
    """Delete the home and the database's files; with nothing there, say so. Refused while in use."""
    home = Home(path=chosen_home())
    if not home.path.exists():
        print(f"Nothing to forget: {home.path} does not exist.")
        return 0
    if not home.is_ours:
        print(f"{home.path} was not made by `make run`; it is left alone.", file=sys.stderr)
        return 1
    try:
        claim = home.claim()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    area = find_area(home)
    if area is not None:
        area.forget()
    home.forget()
    claim.release()
    print(f"Forgot all data in {home.path}.")
    return 0


if __name__ == "__main__":
    insist_on_none()
    sys.exit(main())
