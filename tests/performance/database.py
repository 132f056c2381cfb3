"""What the platform's database knows of a run: statements made, orders under way, confirmations."""

from datetime import UTC, datetime
from typing import Self
from uuid import UUID

import psycopg
from msgspec import Struct

from apps.kernel.identifiers import id_at

EXTENSION = "pg_stat_statements"
TRANSACTION_CONTROL = "^(begin|commit|rollback|savepoint|release|start transaction)"

_UNDER_WAY = """
SELECT (SELECT count(*) FROM orders_order
        WHERE id >= %(since)s AND status IN ('created', 'payment_pending', 'payment_authorized')),
       (SELECT count(*) FROM outbox_delivery),
       (SELECT count(*) FROM payments_paymentoperation
        WHERE state IN ('pending', 'in_flight', 'unknown', 'waiting'))
"""
# The row was written by the transaction that confirmed the order, and is never changed.
_CONFIRMED = """
SELECT order_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8
FROM orders_orderstep WHERE order_id >= %(since)s AND what = 'Order confirmed'
"""
_STATEMENTS = """
SELECT coalesce(sum(calls), 0)::bigint,
       coalesce(sum(calls) FILTER (WHERE query ~* %(control)s), 0)::bigint
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_DEAREST = """
SELECT regexp_replace(query, '\\s+', ' ', 'g'), calls, total_exec_time
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT %(limit)s
"""
_TRANSACTIONS = """
SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()
"""


class UnderWay(Struct, frozen=True, kw_only=True):
    """What is still to be done: orders to confirm, events to deliver, payment calls to make."""

    orders: int
    deliveries: int
    payment_calls: int

    @property
    def is_nothing(self) -> bool:
        """Whether the platform rests."""
        return not (self.orders or self.deliveries or self.payment_calls)


class Statements(Struct, frozen=True, kw_only=True):
    """How often the database was asked; `control` of them begin or end a transaction.

    `are` says what was counted: statements, or only transactions where the server lacks the
    extension that counts statements.
    """

    count: int
    control: int | None
    are: str


class Spent(Struct, frozen=True, kw_only=True):
    """What one kind of statement took in all; times are the server's, waits for locks included."""

    statement: str
    calls: int
    milliseconds: float


class Observer:
    """A connection of the benchmark's own; its statements are not counted."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        query = "SELECT 1 FROM pg_extension WHERE extname = %s"
        self._counts_statements = bool(self._connection.execute(query, [EXTENSION]).fetchone())
        if self._counts_statements:
            self._connection.execute(f"SET {EXTENSION}.track = 'none'")

    def __enter__(self) -> Self:
        """Give the observer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self._connection.close()

    def forget_statements(self) -> None:
        """Count from zero again, so that the server has room for every statement of the run."""
        if self._counts_statements:
            self._connection.execute("SELECT pg_stat_statements_reset()")

    def statements(self) -> Statements:
        """Count what the database was asked since `forget_statements`; transactions: since ever."""
        if self._counts_statements:
            found = self._connection.execute(_STATEMENTS, {"control": TRANSACTION_CONTROL})
            count, control = found.fetchone() or (0, 0)
            return Statements(count=count, control=control, are="statements")
        self._connection.execute("SELECT pg_stat_force_next_flush()")
        (count,) = self._connection.execute(_TRANSACTIONS).fetchone() or (0,)
        return Statements(count=count, control=None, are="transactions")

    def dearest(self, limit: int = 15) -> list[Spent]:
        """List the statements that took longest since `forget_statements`, where that is known."""
        if not self._counts_statements:
            return []
        return [
            Spent(statement=statement, calls=calls, milliseconds=milliseconds)
            for statement, calls, milliseconds in self._connection.execute(
                _DEAREST, {"limit": limit}
            )
        ]

    def under_way(self, since: float) -> UnderWay:
        """Count what is left to do of orders placed since an instant (seconds since 1970)."""
        found = self._connection.execute(_UNDER_WAY, {"since": _lowest_id(since)}).fetchone()
        orders, deliveries, payment_calls = found or (0, 0, 0)
        return UnderWay(orders=orders, deliveries=deliveries, payment_calls=payment_calls)

    def confirmations(self, since: float) -> dict[str, float]:
        """Give the instant at which each order placed since then was confirmed, by its id."""
        return dict(self._connection.execute(_CONFIRMED, {"since": _lowest_id(since)}).fetchall())


def prepare_server(url: str) -> None:
    """Choose settings that take effect when the server is started the next time."""
    with psycopg.connect(url, autocommit=True) as connection:
        # When each transaction was committed: the only exact answer to "confirmed when?".
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        (loaded,) = connection.execute("SHOW shared_preload_libraries").fetchone() or ("",)
        if EXTENSION in loaded:
            # Inserts of different sizes are different statements; none may be forgotten.
            connection.execute(f"ALTER SYSTEM SET {EXTENSION}.max = 20000")


def _lowest_id(instant: float) -> UUID:
    return id_at(datetime.fromtimestamp(instant, UTC))
