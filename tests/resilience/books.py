"""The books of the simulated providers, against our payments and our ledger, one by one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row

from tests.resilience.verdict import Violations

PROVIDERS = ("stripe", "adyen", "paypal")
"""The providers that are played by a simulator, and keep books there."""
BOOKS_SECONDS = 30
ATTEMPTS = ("intents", "attempts", "orders")
"""What the providers call one attempt to pay."""
Row = Mapping[str, Any]
LEDGER = "the_ledger_says_what_the_provider_says"


def read_books(simulators_url: str, provider: str) -> dict[str, Row]:
    """Give what a provider holds, by payment of ours."""
    answer = requests.get(f"{simulators_url}/{provider}/_books", timeout=BOOKS_SECONDS)
    answer.raise_for_status()
    return {line["payment_id"]: line for line in answer.json()["payments"]}


def attempts_in(line: Row) -> Sequence[Row]:
    """Give the attempts that the books hold for a payment."""
    return next(line[name] for name in ATTEMPTS if name in line)


def check_provider(database_url: str, simulators_url: str, provider: str = "stripe") -> Violations:
    """Compare our payments with a simulated provider's books, both ways."""
    books = read_books(simulators_url, provider)
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        rows = connection.execute(_PAYMENTS, [provider]).fetchall()
    return judge_books({str(one["id"]): one for one in rows}, books)


def check_providers(database_url: str, simulators_url: str) -> Violations:
    """Compare our payments and our ledger with the books of all simulated providers."""
    found: Violations = {LEDGER: []}
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        ledger = {str(one["payment_id"]): one for one in connection.execute(_LEDGER).fetchall()}
    for provider in PROVIDERS:
        for name, rows in check_provider(database_url, simulators_url, provider).items():
            found.setdefault(name, []).extend(f"{provider}: {row}" for row in rows)
        of_provider = {name: row for name, row in ledger.items() if row["provider"] == provider}
        found[LEDGER] += judge_ledger(of_provider, read_books(simulators_url, provider))
    return found


def judge_ledger(ledger: Mapping[str, Row], books: Mapping[str, Row]) -> list[str]:
    """Say where our ledger and a provider's books differ, in either direction, by payment id."""
    kinds = ("authorized", "captured", "refunded", "disputed", "lost")
    return [
        f"{payment_id}: the ledger says {ours}, the provider {theirs}"
        for payment_id in sorted(ledger.keys() | books.keys())
        if (ours := [int(ledger.get(payment_id, {}).get(kind, 0)) for kind in kinds])
        != (theirs := [int(books.get(payment_id, {}).get(kind, 0)) for kind in kinds])
    ]


def judge_books(payments: Mapping[str, Row], books: Mapping[str, Row]) -> Violations:
    """Say what in a provider's books does not fit our payments, both by payment id."""
    found: Violations = {
        "the_provider_charged_nobody_twice": [],
        "the_provider_keeps_nothing_of_a_cancelled_order": [],
        "the_provider_has_what_we_have": [],
    }
    for payment_id, line in books.items():
        payment = payments.get(payment_id)
        charges = [one for one in attempts_in(line) if one["captured"] > 0]
        summary = json.dumps(
            {
                "payment": payment_id,
                "ours": payment and payment["status"],
                "order": payment and payment["order_status"],
                **{name: line[name] for name in ("live_authorizations", "captured", "refunded")},
            }
        )
        total = payment["amount_minor"] if payment else 0
        if line["live_authorizations"] + len(charges) > 1 or line["captured"] > total:
            found["the_provider_charged_nobody_twice"].append(summary)
        lost = line.get("lost", 0)
        # A charge that was given back may be disputed all the same: then it went back twice.
        gave_all_back = line["captured"] - lost <= line["refunded"] <= line["captured"]
        keeps_something = line["live_authorizations"] or not gave_all_back
        if keeps_something and (payment is None or payment["order_status"] == "cancelled"):
            found["the_provider_keeps_nothing_of_a_cancelled_order"].append(summary)
        if payment is not None and _theirs(line) not in _expected(payment):
            found["the_provider_has_what_we_have"].append(summary)
    found["the_provider_has_what_we_have"] += [
        f"{payment_id} is {payment['status']} and not in the books"
        for payment_id, payment in payments.items()
        if payment_id not in books and (0, 0, 0) not in _expected(payment)
    ]
    return found


_PAYMENTS = """
SELECT p.id, p.status, p.amount_minor, p.captured_minor, p.refunded_minor,
       o.status AS order_status
FROM payments_payment p LEFT JOIN orders_order o ON o.id = p.order_id
WHERE p.provider = %s
"""
_LEDGER = """
SELECT l.payment_id, p.provider,
       sum(CASE WHEN l.to_account = 'authorised' THEN l.amount_minor
                WHEN l.from_account = 'authorised' THEN -l.amount_minor ELSE 0 END) AS authorized,
       sum(CASE l.from_account || ' ' || l.to_account
           WHEN 'authorised provider' THEN l.amount_minor
           WHEN 'provider authorised' THEN -l.amount_minor ELSE 0 END) AS captured,
       coalesce(sum(CASE l.from_account || ' ' || l.to_account
                    WHEN 'provider customer' THEN l.amount_minor
                    WHEN 'customer provider' THEN -l.amount_minor ELSE 0 END)
                FILTER (WHERE l.operation_id IS NOT NULL), 0) AS refunded,
       sum(CASE WHEN l.to_account = 'disputed' THEN l.amount_minor
                WHEN l.from_account = 'disputed' THEN -l.amount_minor ELSE 0 END) AS disputed,
       coalesce(sum(CASE WHEN l.to_account = 'customer' THEN l.amount_minor
                         WHEN l.from_account = 'customer' THEN -l.amount_minor ELSE 0 END)
                FILTER (WHERE l.operation_id IS NULL), 0) AS lost
FROM payments_ledgerentry l JOIN payments_payment p ON p.id = l.payment_id
GROUP BY l.payment_id, p.provider
"""


def _theirs(line: Row) -> tuple[int, int, int]:
    return line["live_authorizations"], line["captured"], line["refunded"]


def _expected(payment: Row) -> list[tuple[int, int, int]]:
    if payment["status"] == "requires_action":
        # The customer may have approved it, and the message of that is still to come.
        return [(0, 0, 0), (1, 0, 0)]
    is_live = int(payment["status"] == "authorized")
    return [(is_live, payment["captured_minor"], payment["refunded_minor"])]
