"""That what a bank has taken, or may take, is not given back a second time, by our own rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from tests.resilience.verdict import Violations

Row = Mapping[str, Any]
WITHHELD = "what_is_disputed_does_not_go_back"


def check_withheld(database_url: str) -> Violations:
    """Check every refund that was made of a charge that was ever disputed."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        refunds = connection.execute(_REFUNDS).fetchall()
        disputes = connection.execute(_DISPUTES).fetchall()
    return {WITHHELD: judge_refunds(refunds, disputes)}


def judge_refunds(refunds: Sequence[Row], disputes: Sequence[Row]) -> list[str]:
    """Say which refunds were decided on while disputes that we knew of left less than their amount.

    Rows of both are made while their payment is locked, and their ids carry when: no times of different
    clocks or ends of a lock are compared. One that was decided on before the dispute was heard of, and
    only called afterwards, is not judged.
    """
    found = []
    for one in refunds:
        earlier = sum(
            other["amount_minor"]
            for other in refunds
            if other["payment_id"] == one["payment_id"] and _made(other) < _made(one)
        )
        withheld = sum(
            dispute["amount_minor"]
            for dispute in disputes
            if dispute["payment_id"] == one["payment_id"] and _withholds(dispute, one)
        )
        left = one["captured_minor"] - earlier - withheld
        if one["amount_minor"] > left:
            found.append(
                f"{one['payment_id']}: refund {one['id']} of {one['amount_minor']}, {left} were left"
            )
    return found


def _withholds(dispute: Row, refund: Row) -> bool:
    if _made(dispute) >= _made(refund):
        return False
    is_won = dispute["state"] == "won"
    return not (is_won and _milliseconds(dispute["decided_at"]) <= _made(refund))


def _made(row: Row) -> int:
    """Give the milliseconds since 1970 that a UUIDv7 begins with."""
    return UUID(str(row["id"])).int >> 80


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


_REFUNDS = """
SELECT o.id, o.payment_id, o.amount_minor, p.captured_minor
FROM payments_paymentoperation o JOIN payments_payment p ON p.id = o.payment_id
WHERE o.kind = 'refund' AND o.state = 'succeeded'
  AND EXISTS (SELECT FROM payments_dispute d WHERE d.payment_id = p.id)
"""
_DISPUTES = "SELECT id, payment_id, amount_minor, state, decided_at FROM payments_dispute"
