"""The verdict on races: one authorisation and one capture, in our rows, our ledger and the books."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.resilience.books import attempts_in
from tests.resilience.verdict import Violations

Row = Mapping[str, Any]
ONCE = {"authorisations": 1, "captures": 1, "authorised": 1, "captured": 1, "other_entries": 0}
"""Our calls that succeeded, and our ledger's entries."""


def read_races(database_url: str, order_ids: Sequence[str]) -> list[Row]:
    """Give what our rows say of raced payments."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return list(connection.execute(_RACES, [list(order_ids)]).fetchall())


def judge_races(races: Sequence[Row], books: Mapping[str, Row]) -> Violations:
    """Say which payments were not made exactly once, by our rows and by the provider's books."""
    found: Violations = {
        "a_raced_payment_ends_confirmed_and_charged": [],
        "we_record_one_authorisation_and_one_capture": [],
        "the_provider_made_one_authorisation_and_one_capture": [],
    }
    for race in races:
        if (race["order_status"], race["status"]) != ("confirmed", "captured"):
            found["a_raced_payment_ends_confirmed_and_charged"].append(
                f"{race['id']}: order {race['order_status']}, payment {race['status']}"
            )
        counts = {name: race[name] for name in ONCE}
        if counts != ONCE:
            found["we_record_one_authorisation_and_one_capture"].append(f"{race['id']}: {counts}")
        line = books.get(str(race["id"]))
        if line is None or not _is_charged_once(line, race["amount_minor"]):
            found["the_provider_made_one_authorisation_and_one_capture"].append(
                f"{race['id']}: {line}"
            )
    return found


def _is_charged_once(line: Row, amount: int) -> bool:
    (*others, attempt) = attempts_in(line)
    return (
        not others
        and attempt["amount"] == attempt["captured"] == amount
        and (line["live_authorizations"], line["refunded"]) == (0, 0)
    )


_RACES = """
SELECT p.id, p.status, p.amount_minor, o.status AS order_status, calls.*, entries.*
FROM orders_order o JOIN payments_payment p ON p.order_id = o.id,
LATERAL (SELECT count(*) FILTER (WHERE kind = 'authorize') AS authorisations,
                count(*) FILTER (WHERE kind = 'capture') AS captures
         FROM payments_paymentoperation w
         WHERE w.payment_id = p.id AND w.state = 'succeeded') calls,
LATERAL (SELECT count(*) FILTER (WHERE what = 'Authorised') AS authorised,
                count(*) FILTER (WHERE what = 'Captured') AS captured,
                count(*) FILTER (WHERE what NOT IN ('Authorised', 'Captured')) AS other_entries
         FROM payments_ledgerentry l WHERE l.payment_id = p.id) entries
WHERE o.id = ANY(%s::uuid[])
"""
