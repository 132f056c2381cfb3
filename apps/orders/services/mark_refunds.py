"""Keep up with what the payment says of refunds."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection

# Money goes back in the order in which it was asked for, so the sum tells which refunds are done.
_MARK = """
UPDATE orders_orderrefund r
SET status = CASE WHEN due.upto <= due.refunded_minor THEN 'done' ELSE %s END, updated_at = %s
FROM (
    SELECT o.id, o.status, v.refunded_minor,
           sum(o.amount_minor) OVER (PARTITION BY o.order_id ORDER BY o.nth) AS upto
    FROM orders_orderrefund o
    JOIN json_to_recordset(%s::json) AS v(order_id uuid, refunded_minor bigint)
      ON v.order_id = o.order_id
) due
WHERE r.id = due.id
  AND (due.upto <= due.refunded_minor AND r.status <> 'done'
       OR due.upto > due.refunded_minor AND (%s AND r.status <> 'failing' OR r.status = 'done'))
"""


def mark_refunds(refunded: Mapping[UUID, int], *, now: datetime, is_failing: bool = False) -> None:
    """Mark the refunds of each order that its sum of refunds covers as done, in one statement.

    The others are open still: failing, where that is what was heard. Doing it again changes nothing.
    """
    if not refunded:
        return
    rows = [{"order_id": order, "refunded_minor": minor} for order, minor in refunded.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            _MARK,
            [
                "failing" if is_failing else "requested",
                now,
                msgspec.json.encode(rows).decode(),
                is_failing,
            ],
        )
