"""What may be said of a database error, and whether trying again will do.

PostgreSQL's own words may repeat the row at fault, and with it addresses and names: only the kind
of the error, its code and the constraint are fit to be kept.
"""

from __future__ import annotations

import psycopg
from django.db import Error as DjangoError

from apps.platform.telemetry.masking import masked_text

# Connection, transaction rollback, shutdown of the server, lock not available.
_PASSING = ("08", "40", "57P0", "55P03")


def sqlstate_of(error: BaseException) -> str | None:
    """Give PostgreSQL's code for an error, None where it has none."""
    origin = _origin(error)
    return origin.sqlstate if origin is not None else None


def is_passing(error: BaseException) -> bool:
    """Tell whether the same statements may well succeed if they are repeated at once.

    An error without a code is none: a lost session has to be told by asking it.
    """
    return (sqlstate_of(error) or "").startswith(_PASSING)


def described(error: BaseException) -> str:
    """Say what happened, without the data it happened to."""
    origin = _origin(error)
    if origin is None:
        return f"{type(error).__name__}: {masked_text(str(error))}".replace("\x00", "")
    said = [type(error).__name__, origin.sqlstate, origin.diag.constraint_name]
    return " ".join(word for word in said if word)


def _origin(error: BaseException) -> psycopg.Error | None:
    if isinstance(error, DjangoError):
        return error.__cause__ if isinstance(error.__cause__, psycopg.Error) else None
    return error if isinstance(error, psycopg.Error) else None
