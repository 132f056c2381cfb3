"""The verdict on a drill: what was promised, against what the database and the mailbox say."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from infra.local.home import PROJECT
from tests.resilience.journal import Journal

Violations = dict[str, list[str]]
"""What was found, by the promise that it breaks; every promise is listed."""

CHECK_SECONDS = 60
MESSAGE_ID = re.compile(rb"^X-OMS-Message-Id: *(\S+)", re.MULTILINE)
Row = Mapping[str, Any]


def check_own_invariants(environment: Mapping[str, str]) -> Violations:
    """Ask the platform's own checker, as an operator would."""
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_invariants", "--settled", "--json"],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        check=False,
    )
    if checked.returncode not in (0, 1) or not checked.stdout:
        return {"the_checker_works": [checked.stderr.strip()[-500:]]}
    return {
        invariant["name"]: _described(invariant)
        for invariant in json.loads(checked.stdout)["invariants"]
    }


def _described(invariant: Row) -> list[str]:
    """Give a line for each row that breaks it; those that the checker does not name are counted."""
    lines = [json.dumps(row) for row in invariant["rows"]]
    unnamed = [f"not named: {invariant['name']}"] * (invariant["count"] - len(lines))
    problem = [invariant["problem"]] if invariant["problem"] else []
    return [*lines, *unnamed, *problem]


def check_promises(database_url: str, journal: Journal) -> Violations:
    """Compare what customers were told with what the database holds."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        orders = {
            str(order["id"]): order
            for order in connection.execute(
                "SELECT id, number, status, metadata ->> 'drill_key' AS key FROM orders_order"
            ).fetchall()
        }
        charged = connection.execute(_CHARGED_TWICE).fetchall()
        untold = connection.execute(_UNTOLD).fetchall() if _has_messages(connection) else []
    placed, repeated = journal.list("placed"), journal.list("repeated")
    ids = {entry.key: entry.order_id for entry in placed}
    keys = Counter(order["key"] for order in orders.values() if order["key"])
    cancelled = {entry.order_id for entry in journal.list("cancelled")}
    return {
        "no_acknowledged_order_is_lost": [
            f"{entry.key} {entry.order_id}" for entry in placed if entry.order_id not in orders
        ],
        "one_key_gives_one_order": [
            *(f"{key}: {count} orders" for key, count in keys.items() if count > 1),
            *(
                f"{entry.key}: first {ids[entry.key]}, then {entry.order_id}"
                for entry in repeated
                if ids[entry.key] != entry.order_id
            ),
        ],
        "an_acknowledged_cancellation_is_carried_out": _not(orders, cancelled, "cancelled"),
        "an_acknowledged_approval_is_carried_out": _not(
            orders, {entry.order_id for entry in journal.list("approved")} - cancelled, "confirmed"
        ),
        "nobody_is_charged_twice": [json.dumps(row, default=str) for row in charged],
        "every_ended_order_is_told_of": [json.dumps(row, default=str) for row in untold],
    }


def _not(orders: Mapping[str, Row], ids: set[str], status: str) -> list[str]:
    return [
        f"{one} is {orders[one]['status']}"
        for one in sorted(ids & orders.keys())
        if orders[one]["status"] != status
    ]


def _has_messages(connection: psycopg.Connection[Row]) -> bool:
    found = connection.execute("SELECT to_regclass('notifications_message') AS name").fetchone()
    return found is not None and found["name"] is not None


_CHARGED_TWICE = """
SELECT o.number, o.status, o.total_minor,
       count(*) FILTER (WHERE w.kind = 'capture') AS captures,
       count(*) FILTER (WHERE w.kind = 'authorize') AS authorisations,
       sum(w.amount_minor) FILTER (WHERE w.kind = 'capture') AS captured_minor
FROM orders_order o
JOIN payments_payment p ON p.order_id = o.id
JOIN payments_paymentoperation w ON w.payment_id = p.id AND w.state = 'succeeded'
GROUP BY o.id, o.number, o.status, o.total_minor
HAVING count(*) FILTER (WHERE w.kind = 'capture') > 1
    OR count(*) FILTER (WHERE w.kind = 'authorize') > 1
    OR sum(w.amount_minor) FILTER (WHERE w.kind = 'capture') > o.total_minor
"""
_UNTOLD = """
SELECT o.number, o.status FROM orders_order o
WHERE o.status IN ('confirmed', 'cancelled') AND NOT EXISTS (
    SELECT 1 FROM notifications_message m
    WHERE m.order_id = o.id
      AND (m.kind = 'order_confirmed') = (o.status = 'confirmed')
      AND m.kind NOT IN ('order_received', 'payment_action_needed', 'payment_under_review'))
"""


def check_mailbox(folder: Path) -> Violations:
    """Look for a message that went out more than once."""
    ids = Counter(
        found.decode()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for found in MESSAGE_ID.findall(file.read_bytes())
    )
    return {
        "no_message_goes_out_twice": [
            f"{message_id}: {count} times" for message_id, count in ids.items() if count > 1
        ]
    }


def count_by(database_url: str, table: str, column: str = "status") -> dict[str, int]:
    """Count the rows of a table by a column, for the report; nothing where there is no table."""
    with psycopg.connect(database_url) as connection:
        exists = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
        if exists is None or exists[0] is None:
            return {}
        return dict(
            connection.execute(
                f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 2 DESC"
            ).fetchall()
        )


def count_deadlocks(log: Path) -> int:
    """Count the deadlocks that the database broke up; its own counter does not survive a crash."""
    return log.read_bytes().count(b"ERROR:  deadlock detected")


def merged(parts: Sequence[Violations]) -> Violations:
    """Put the findings of several checks together."""
    return {name: rows for part in parts for name, rows in part.items()}
