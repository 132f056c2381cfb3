"""Prepare the database in one process: the tables, then demo data and tokens.

Run as `python -m infra.local.preparation`. It prints a line when the tables are there, and then
one with the demo data as JSON. One process, because loading the platform takes longer than the
work itself.
"""

import io
import json
import os
import sys
from typing import cast

import django
from django.core.management import call_command

from infra.local.description import TABLES_READY, Demo, Prepared


def main() -> None:
    """Do the work; doing it again changes nothing."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        # Whatever else is printed, such as a log line, must not get between the answers.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        print(TABLES_READY, file=answers, flush=True)
        print(json.dumps(prepare_demo()), file=answers)


def prepare_demo() -> Prepared:
    """Make the demo data and a token for a service and for the demo customer."""
    demo = cast(Demo, json.loads(output_of("seed_demo", "--json")))
    return {
        **demo,
        "token": output_of("issue_token", "--service", "demo", "--scopes", "all"),
        "customer_token": output_of("issue_token", "--customer", demo["customer_id"]),
    }


def output_of(*command: str) -> str:
    """Run a management command in this process and return what it printed."""
    output = io.StringIO()
    call_command(*command, stdout=output)
    return output.getvalue().strip()


if __name__ == "__main__":
    main()
