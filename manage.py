#!/usr/bin/env python
"""Run the management commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

CANNOT_WORK = 2


def main() -> None:
    """Run one; a setting that is wrong or a database that is away takes one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        problem = str(error)
    except OperationalError as error:
        problem = f"The database cannot be asked: {str(error).strip().splitlines()[0]}"
    else:
        return
    sys.stderr.write(f"{problem}\n")
    sys.exit(CANNOT_WORK)


if __name__ == "__main__":
    main()
