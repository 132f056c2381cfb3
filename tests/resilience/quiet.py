"""Waiting until nothing moves any more."""

import time
from collections.abc import Callable, Mapping

import psycopg

QUIET_FOR_SECONDS = 0.5
LOOK_EVERY_SECONDS = 0.2

# Stricter than "nothing is due": a provider that is well again leaves no call to be made again, so
# only customers may be waited for.
_MOVING = {
    "deliveries": "SELECT count(*) FROM outbox_delivery",
    "orders": (
        "SELECT count(*) FROM orders_order o WHERE status IN "
        "('created', 'payment_authorized', 'cancellation_pending') OR status = 'payment_pending' "
        "AND NOT EXISTS (SELECT 1 FROM payments_payment p JOIN payments_paymentoperation w "
        "ON w.payment_id = p.id WHERE p.order_id = o.id AND w.state = 'waiting')"
    ),
    "operations": (
        "SELECT count(*) FROM payments_paymentoperation WHERE state IN "
        "('pending', 'in_flight', 'unknown') OR state = 'waiting' AND next_at <= now()"
    ),
}
# Nobody is waited for, customers neither: all that was begun has come to an end.
_OPEN = {
    "deliveries": "SELECT count(*) FROM outbox_delivery",
    "orders": ("SELECT count(*) FROM orders_order WHERE status NOT IN ('confirmed', 'cancelled')"),
    "operations": (
        "SELECT count(*) FROM payments_paymentoperation "
        "WHERE state IN ('pending', 'in_flight', 'unknown', 'waiting')"
    ),
}
Counts = dict[str, int]


def what_moves(database_url: str) -> Counts | None:
    """Count what is under way, by kind; None while the database cannot be asked."""
    return _count(database_url, _MOVING)


def what_is_open(database_url: str) -> Counts | None:
    """Count what has not come to its end, by kind; None while the database cannot be asked."""
    return _count(database_url, _OPEN)


def _count(database_url: str, kinds: Mapping[str, str]) -> Counts | None:
    query = " UNION ALL ".join(f"SELECT '{kind}', ({sql})" for kind, sql in kinds.items())
    try:
        with psycopg.connect(database_url, connect_timeout=2) as connection:
            return {kind: count for kind, count in connection.execute(query) if count}
    except psycopg.Error:
        return None


def wait_until_quiet(
    database_url: str,
    *,
    seconds: float,
    is_over: Callable[[], bool],
    show: Callable[[Counts | None], None],
    look: Callable[[str], Counts | None] = what_moves,
) -> float | None:
    """Wait until `look` finds nothing for half a second; return after how long that began.

    `is_over` says whether everybody outside has stopped, too. Returns None when time is up.
    """
    started = time.monotonic()
    quiet_since: float | None = None
    while (now := time.monotonic()) - started < seconds:
        moving = look(database_url)
        show(moving)
        if moving == {} and is_over():
            quiet_since = quiet_since or now
            if now - quiet_since >= QUIET_FOR_SECONDS:
                return quiet_since - started
        else:
            quiet_since = None
        time.sleep(LOOK_EVERY_SECONDS)
    return None
