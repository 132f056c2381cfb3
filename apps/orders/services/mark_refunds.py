"""Keep up with what the payment says of refunds."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection

from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId
from apps.kernel.money import Money
from apps.orders.services.changing import change_orders

# Money goes back in the order in which it was asked for, so the sum tells which refunds are done. What
# disputes left with the customer goes back no second time: of the refunds that is the end of the sum.
_MARK = """
UPDATE orders_orderrefund r
SET status = due.status, not_owed_minor = due.not_owed_minor, updated_at = %s
FROM (
    SELECT s.id, s.order_id, s.not_owed_minor, (s.not_owed_minor - s.before_minor)::bigint AS newly_minor,
           CASE WHEN s.upto <= s.refunded_minor THEN 'done'
                WHEN s.not_owed_minor = s.amount_minor
                     OR s.not_owed_minor > 0 AND s.upto - s.not_owed_minor <= s.refunded_minor
                THEN 'not_owed'
                WHEN %s THEN 'failing'
                WHEN s.status IN ('done', 'not_owed') THEN 'requested'
                ELSE s.status END AS status
    FROM (
        SELECT t.*, least(t.lost_minor, greatest(0, t.upto - greatest(
                   t.upto - t.amount_minor, t.captured_minor - t.lost_minor, t.refunded_minor
               ))) AS not_owed_minor
        FROM (
            SELECT q.id, q.order_id, q.status, q.amount_minor, q.not_owed_minor AS before_minor,
                   o.captured_minor, o.lost_minor, v.refunded_minor,
                   sum(q.amount_minor) OVER (PARTITION BY q.order_id ORDER BY q.nth) AS upto
            FROM orders_orderrefund q
            JOIN json_to_recordset(%s::json) AS v(order_id uuid, refunded_minor bigint)
              ON v.order_id = q.order_id
            JOIN orders_order o ON o.id = q.order_id
        ) t
    ) s
) due
WHERE r.id = due.id AND (r.status, r.not_owed_minor) IS DISTINCT FROM (due.status, due.not_owed_minor)
RETURNING due.order_id, due.newly_minor
"""


def mark_refunds(
    refunded: Mapping[OrderId, int],
    *,
    causes: Mapping[OrderId, Cause],
    now: datetime,
    is_failing: bool = False,
) -> None:
    """Mark the refunds of each order that its sum of refunds covers as done, in one statement.

    What is neither given back nor owed any more, since a dispute over it was lost, is `not_owed`, and
    told in the order's history. The others are open still: failing, where that is what was heard. The
    orders are locked by the caller's transaction. Doing it again changes nothing.
    """
    if not refunded:
        return
    rows = [{"order_id": order, "refunded_minor": minor} for order, minor in refunded.items()]
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [now, is_failing, msgspec.json.encode(rows).decode()])
        newly: dict[OrderId, int] = {}
        for order_id, minor in cursor.fetchall():
            newly[order_id] = newly.get(order_id, 0) + max(0, minor)
    lost = [(order_id, minor) for order_id, minor in newly.items() if minor]
    if lost:
        change_orders(
            lost,
            order_id=lambda one: one[0],
            cause=lambda one: causes[one[0]],
            decide=lambda change, one: change.step(
                f"{Money(one[1], change.order.currency)} of the refunds are not owed any more: "
                "the customer's bank took them back"
            ),
            now=now,
        )
