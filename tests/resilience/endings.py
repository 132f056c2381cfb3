"""How orders and payments ended, by our own rows: once or not at all, and nothing in between."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from infra.local.home import PROJECT
from tests.resilience import verdict
from tests.resilience.books import check_providers
from tests.resilience.journal import Journal
from tests.resilience.verdict import Violations
from tests.resilience.withheld import check_withheld

RECONCILIATION = "reconcile_payments"
NOT_FOUND = 404
REPORTS_BY_NEWS = "adyen"
"""Who tells by webhook where its report is."""
CANNOT_BEGIN = 2
ANNOUNCED_WITHIN_TRIES = 15
RECONCILED = "the_reconciliation_finds_nothing"
COMMAND_SECONDS = 120
CHARGED = frozenset({"captured", "partially_refunded", "refunded"})
GIVEN_UP = frozenset({"failed", "voided", "refunded"})
Row = Mapping[str, Any]


def check_everything(environment: Mapping[str, str], journal: Journal) -> Violations:
    """Compare what customers were told, our payments, our ledger and all providers' books."""
    database_url = environment["DATABASE_URL"]
    return verdict.merged(
        [
            verdict.check_promises(database_url, journal),
            check_endings(database_url, journal),
            check_providers(database_url, environment["OMS_SIMULATORS_URL"]),
            check_withheld(database_url),
            verdict.check_own_invariants(environment),
            check_reconciliation(environment),
        ]
    )


def check_endings(database_url: str, journal: Journal) -> Violations:
    """Check that every payment was made once or failed cleanly, and that refunds were made."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        endings = connection.execute(_ENDINGS).fetchall()
        open_calls = connection.execute(_OPEN_CALLS).fetchall()
        repeated = connection.execute(_REPEATED).fetchall()
        entered = connection.execute(_ENTERED_TWICE).fetchall()
    # What a bank has taken back is not given back a second time.
    refunded = {
        str(one["order_id"]) for one in endings if one["refunded_minor"] or one["lost_minor"]
    }
    return {
        "every_payment_is_made_or_fails_cleanly": judge_endings(endings),
        "no_call_to_a_provider_is_left_open": [str(row) for row in open_calls],
        "no_call_of_a_payment_succeeds_twice": [str(row) for row in repeated],
        "the_ledger_takes_each_movement_once": [str(row) for row in entered],
        "an_acknowledged_refund_is_carried_out": [
            entry.order_id for entry in journal.list("refunded") if entry.order_id not in refunded
        ],
    }


def judge_endings(endings: Sequence[Row]) -> list[str]:
    """Say which orders and payments do not fit each other at the end."""
    return [
        f"{one['number']}: order {one['status']}, payment {one['payment']}, "
        f"{one['captured_minor']} of {one['amount_minor']} charged, {one['refunded_minor']} back, "
        f"{one['lost_minor']} lost"
        for one in endings
        if not _is_clean(one)
    ]


def _is_clean(ending: Row) -> bool:
    if ending["status"] == "confirmed":
        is_whole = ending["captured_minor"] == ending["amount_minor"]
        return ending["payment"] in CHARGED and is_whole
    if ending["status"] == "cancelled":
        # One that was called off before anybody heard what to pay has no payment.
        left = ending["captured_minor"] - ending["refunded_minor"] - ending["lost_minor"]
        if ending["lost_minor"]:
            # A bank may take what was given back already.
            return bool(left <= 0)
        return ending["payment"] is None or (ending["payment"] in GIVEN_UP and not left)
    return False


def check_reconciliation(environment: Mapping[str, str]) -> Violations:
    """Have the platform compare itself with all its providers, as an operator would.

    Whatever is in the ledger has to be in their reports by now.
    """
    _have_report_announced(environment["OMS_SIMULATORS_URL"])
    done = _reconcile({**environment, "OMS_SETTLEMENT_DAYS": "0"})
    return {RECONCILED: [(done.stdout + done.stderr).strip()[-2000:]] if done.returncode else []}


def _have_report_announced(simulators_url: str) -> None:
    answer = httpx.post(f"{simulators_url}/{REPORTS_BY_NEWS}/_report", timeout=COMMAND_SECONDS)
    # Where it took nobody's money, it knows nobody to report to.
    if answer.status_code != NOT_FOUND:
        answer.raise_for_status()


def _reconcile(environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the comparison, again where it cannot begin yet: a report's announcement is on its way."""
    for _ in range(ANNOUNCED_WITHIN_TRIES):
        done = _manage(environment, RECONCILIATION)
        if done.returncode != CANNOT_BEGIN:
            break
        time.sleep(1)
    return done


def _manage(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def count_payments(database_url: str) -> dict[str, int]:
    """Count the payments by provider and status, for the report."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT provider || ' ' || status, count(*) FROM payments_payment "
            "WHERE provider <> '' GROUP BY 1 ORDER BY 1"
        )
        return dict(found.fetchall())


def count_tried_again(database_url: str) -> int:
    """Count the calls to providers that took more than one attempt, look-ups included."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM payments_paymentoperation WHERE attempts > 1"
        ).fetchone()
    return int(row[0]) if row else 0


_ENDINGS = """
SELECT o.id AS order_id, o.number, o.status, p.status AS payment,
       coalesce(p.amount_minor, 0) AS amount_minor,
       coalesce(p.captured_minor, 0) AS captured_minor,
       coalesce(p.refunded_minor, 0) AS refunded_minor,
       coalesce(p.lost_minor, 0) AS lost_minor
FROM orders_order o LEFT JOIN payments_payment p ON p.order_id = o.id
"""
_OPEN_CALLS = """
SELECT payment_id, kind, state FROM payments_paymentoperation
WHERE state IN ('pending', 'in_flight', 'unknown', 'waiting')
"""
_REPEATED = """
SELECT payment_id, kind, count(*) FROM payments_paymentoperation
WHERE state = 'succeeded' AND kind <> 'refund' GROUP BY 1, 2 HAVING count(*) > 1
"""
_ENTERED_TWICE = """
SELECT payment_id, what, count(*) FROM payments_ledgerentry
WHERE what IN ('Authorised', 'Captured', 'Voided') GROUP BY 1, 2 HAVING count(*) > 1
"""
