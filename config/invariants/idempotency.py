"""Invariants of repeated requests: one key, one order, and no answer without its order."""

from config.invariants.checking import Invariant

# Answers to placements that are still remembered, with the order that each of them names.
_ANSWERS = """
    SELECT client, key, created_at, (convert_from(body, 'UTF8')::jsonb ->> 'id')::uuid AS order_id
    FROM idempotency_record
    WHERE status = 202 AND created_at >= %(since)s
      AND headers ->> 'Location' LIKE '/api/v1/orders/%%'"""

IDEMPOTENCY_INVARIANTS = (
    Invariant(
        name="every_answered_placement_has_its_order",
        means="A customer was told that an order was accepted, and there is no such order.",
        remedy="Lost: restore the order from the backup, or ask the customer to order again.",
        sql=f"""
            SELECT a.order_id, a.client, a.key
            FROM ({_ANSWERS}) a
            WHERE NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.id = a.order_id)
            ORDER BY a.created_at""",
    ),
    Invariant(
        name="no_order_answers_two_keys",
        means="Two requests with keys of their own were answered with one and the same order.",
        remedy="One of the two customers has no order: see who sent the keys.",
        sql=f"""
            SELECT a.order_id, count(*) AS keys, min(a.client) AS client, min(a.key) AS key
            FROM ({_ANSWERS}) a GROUP BY a.order_id HAVING count(*) > 1
            ORDER BY a.order_id""",
    ),
)
