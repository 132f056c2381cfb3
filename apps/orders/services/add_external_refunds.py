"""Count what went back at the payment's provider without being asked for among the refunds of its order."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection

from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId, new_id
from apps.kernel.money import Money
from apps.orders.services.changing import change_orders

REASON = "Made at the payment provider."

# By the sum: what was asked for before it was heard of is what it was for, and only the rest is more.
_ADD = """
INSERT INTO orders_orderrefund
    (id, order_id, nth, amount_minor, lines, reason, status, requested_by, created_at, updated_at)
SELECT v.id, v.order_id, asked.times + 1, v.wanted_minor - asked.minor, '[]', %s, 'requested', 'system:' || o.payment_provider, %s, %s
FROM json_to_recordset(%s::json) AS v(id uuid, order_id uuid, wanted_minor bigint)
JOIN orders_order o ON o.id = v.order_id
CROSS JOIN LATERAL (
    SELECT count(*) AS times, coalesce(sum(r.amount_minor), 0) AS minor
    FROM orders_orderrefund r WHERE r.order_id = v.order_id) asked
WHERE v.wanted_minor > asked.minor
RETURNING order_id, amount_minor
"""


def add_external_refunds(
    wanted: Mapping[OrderId, int], *, causes: Mapping[OrderId, Cause], now: datetime
) -> None:
    """Add a refund to each order of which payments says that more is to go back than was asked for here.

    The orders are locked by the caller's transaction. Doing it again adds nothing. One statement where
    there is nothing to add, as nearly always.
    """
    rows = [
        {"id": new_id(), "order_id": order, "wanted_minor": minor}
        for order, minor in wanted.items()
        if minor
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [REASON, now, now, msgspec.json.encode(rows).decode()])
        added = cursor.fetchall()
    change_orders(
        added,
        order_id=lambda one: one[0],
        cause=lambda one: causes[one[0]],
        decide=lambda change, one: change.step(
            f"{Money(one[1], change.order.currency)} of it were refunded at the payment provider"
        ),
        now=now,
    )
