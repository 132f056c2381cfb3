#!/usr/bin/env python
"""Run the management commands."""

import os
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError

CANNOT_WORK = 2
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> None:
    """Run one; a setting that is wrong, a database that is away or Ctrl-C takes one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    status = CANNOT_WORK
    try:
        execute_from_command_line(["manage.py", *arguments])
    except ImproperlyConfigured as error:
        problem = str(error)
    except (OperationalError, InterfaceError) as error:
        problem = f"The database cannot be asked: {str(error).strip().splitlines()[0]}"
    except KeyboardInterrupt:
        problem, status = "Stopped.", INTERRUPTED
    else:
        return
    sys.stderr.write(f"{problem}\n")
    sys.exit(status)


if __name__ == "__main__":
    main(sys.argv[1:])
