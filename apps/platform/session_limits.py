"""How long a database session of this process may wait or keep others waiting.

The limits travel with the connection, so that none of them costs a statement.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connections


def limit_sessions(kind: str) -> None:
    """Limit the sessions that this process opens from now on, as `OMS_SESSION_LIMITS` says of its kind.

    Whatever `options` the database's URL has come after ours and win. Calling it again changes
    nothing. A process that never calls it, such as a migration, has all the time it needs.
    """
    limits = " ".join(
        f"-c {name}={value}" for name, value in settings.OMS_SESSION_LIMITS[kind].items()
    )
    for alias in connections:
        options = connections.settings[alias].setdefault("OPTIONS", {})
        given = options.get("options", "").removeprefix(limits).strip()
        options["options"] = f"{limits} {given}".strip()
