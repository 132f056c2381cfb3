"""Invariants between contexts: what an order's status promises of its stock and its money.

Contexts hear of each other one after the other, so an order is left out while something of its
story is still being delivered.
"""

from django.conf import settings

from config.invariants.checking import Invariant

NOTHING_ON_ITS_WAY = "NOT EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.key = o.id)"
CONFIRMED = "('confirmed', 'processing', 'shipped', 'delivered', 'completed')"

OPEN = "('pending', 'in_flight', 'unknown', 'waiting')"
IS_TRIED_AGAIN = f"""
    p.is_unwanted AND p.status IN ('requires_action', 'authorized', 'captured', 'partially_refunded')
    AND (coalesce(p.undo_at > now() - %(stuck_seconds)s * interval '1 s', false)
         OR EXISTS (SELECT 1 FROM payments_paymentoperation w
                    WHERE w.payment_id = p.id AND w.kind IN ('refund', 'void') AND w.state IN {OPEN}
                      AND w.created_at > now() - interval '7 days'))"""
"""What a provider refused to give back, or gave back in vain, and is asked for again before long.

Once that is overdue, or a call has been open for a week, it has to be looked at.
"""

CHARGED_BY_ITSELF = "a_confirmed_order_is_charged_or_about_to_be"


def list_saga_invariants() -> list[Invariant]:
    """Give those that hold here: where a merchant asks for each charge, nobody else waits for it."""
    waits = settings.OMS_CAPTURE_ON == "request"
    return [one for one in _SAGA if not (waits and one.name == CHARGED_BY_ITSELF)]


_SAGA = (
    Invariant(
        name="a_confirmed_order_has_its_stock",
        means="An order was promised to its customer, but no stock is kept for it.",
        remedy="Receive or count stock for it, or cancel it and tell the customer.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, o.status, r.status AS reservation
            FROM orders_order o LEFT JOIN inventory_reservation r ON r.order_id = o.id
            WHERE o.id >= %(since_id)s AND o.status IN {CONFIRMED}
              AND coalesce(r.status, '') NOT IN ('committed', 'fulfilled')
              AND {NOTHING_ON_ITS_WAY}
            ORDER BY o.id""",
    ),
    Invariant(
        name="a_confirmed_order_has_its_payment",
        means="An order was promised to its customer, but not all of its total was authorised.",
        remedy="Compare with the provider's books under the payment's reference; charge or cancel.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, o.status, o.total_minor,
                   p.status AS payment, p.amount_minor, p.captured_minor
            FROM orders_order o LEFT JOIN payments_payment p ON p.order_id = o.id
            WHERE o.id >= %(since_id)s AND o.status IN {CONFIRMED}
              AND NOT coalesce(p.amount_minor = o.total_minor AND p.currency = o.currency
                               AND p.status IN ('authorized', 'captured', 'partially_refunded',
                                                'refunded')
                               AND (p.status = 'authorized' OR p.captured_minor > 0
                                    OR p.amount_minor = 0),
                               false)
            ORDER BY o.id""",
    ),
    Invariant(
        name=CHARGED_BY_ITSELF,
        means="An order is confirmed and authorised, but nothing is under way to charge it.",
        remedy="See the capture's error under payment operations; the authorisation runs out soon.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, p.id AS payment_id,
                   c.error_code AS capture_error
            FROM orders_order o JOIN payments_payment p ON p.order_id = o.id
            LEFT JOIN payments_paymentoperation c ON c.payment_id = p.id AND c.kind = 'capture'
            WHERE o.id >= %(since_id)s AND o.status IN {CONFIRMED} AND p.status = 'authorized'
              AND coalesce(c.state, '') NOT IN ('pending', 'in_flight', 'unknown', 'waiting')
              AND {NOTHING_ON_ITS_WAY}
            ORDER BY o.id""",
    ),
    Invariant(
        name="what_is_to_be_refunded_is_agreed",
        means="Orders asks for another sum to go back than payments knows of, or counts other refunds as done or lost.",
        remedy="Look for a dead letter of payments.saga or orders.saga with this order's key.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, r.asked AS asked_for,
                   p.refund_wanted_minor AS known, r.done, p.refunded_minor AS refunded,
                   r.not_owed, p.lost_minor AS lost
            FROM orders_order o
            JOIN (SELECT order_id, sum(amount_minor) AS asked,
                         coalesce(sum(amount_minor) FILTER (WHERE status = 'done'), 0) AS done,
                         sum(not_owed_minor) AS not_owed
                  FROM orders_orderrefund GROUP BY order_id) r ON r.order_id = o.id
            LEFT JOIN payments_payment p ON p.order_id = o.id
            WHERE o.id >= %(since_id)s
              AND (r.asked IS DISTINCT FROM p.refund_wanted_minor
                   OR r.asked > o.captured_minor OR r.done > p.refunded_minor
                   OR r.not_owed > p.lost_minor)
              AND {NOTHING_ON_ITS_WAY}
            ORDER BY o.id""",
    ),
    Invariant(
        name="a_cancelled_order_holds_no_stock",
        means="An order is cancelled, but stock is still kept for it.",
        remedy="Its reservation missed the cancellation: look for a dead letter of inventory.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, r.status AS reservation
            FROM orders_order o JOIN inventory_reservation r ON r.order_id = o.id
            WHERE o.id >= %(since_id)s AND o.status = 'cancelled'
              AND r.status NOT IN ('released', 'expired', 'unavailable')
              AND {NOTHING_ON_ITS_WAY}
            ORDER BY o.id""",
    ),
    Invariant(
        name="a_confirmed_order_keeps_its_payment",
        means="An order goes on whose payment was let go, and nothing of the money is left.",
        remedy="Cancel it before it is shipped, and tell the customer.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, p.status AS payment,
                   p.captured_minor, p.refunded_minor, p.lost_minor
            FROM orders_order o JOIN payments_payment p ON p.order_id = o.id
            WHERE o.id >= %(since_id)s AND o.status = 'confirmed' AND p.is_unwanted
              AND (p.status = 'voided'
                   OR p.captured_minor > 0 AND p.captured_minor <= p.refunded_minor + p.lost_minor)
              AND {NOTHING_ON_ITS_WAY}
            ORDER BY o.id""",
    ),
    Invariant(
        name="a_cancelled_order_keeps_no_money",
        means="An order is cancelled, but its money is neither untaken, voided, refunded nor lost, nor about to be.",
        remedy="Void or refund it with the provider, under the payment's reference.",
        # A refund that fails after the order's end does not reopen it, and is tried until it is settled.
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, p.status AS payment,
                   p.captured_minor, p.refunded_minor
            FROM orders_order o JOIN payments_payment p ON p.order_id = o.id
            WHERE o.id >= %(since_id)s AND o.status = 'cancelled'
              AND (p.status NOT IN ('failed', 'voided', 'refunded') AND p.lost_minor = 0
                   OR p.captured_minor > p.refunded_minor + p.lost_minor)
              AND NOT ({IS_TRIED_AGAIN})
            ORDER BY o.id""",
    ),
    Invariant(
        name="a_reservation_holds_what_was_ordered",
        means="The units kept for an order are not those that were ordered.",
        remedy="Do not ship it before its reservation was set right by hand.",
        sql="""
            SELECT order_id, sku, sum(ordered) AS ordered, sum(kept) AS kept
            FROM (SELECT r.order_id, i.sku, i.quantity AS ordered, 0 AS kept
                  FROM inventory_reservation r JOIN orders_orderitem i ON i.order_id = r.order_id
                  WHERE r.status IN ('held', 'committed') AND r.order_id >= %(since_id)s
                    AND i.order_id >= %(since_id)s
                  UNION ALL
                  SELECT r.order_id, i.sku, 0, i.quantity
                  FROM inventory_reservation r
                  JOIN inventory_reservationitem i ON i.reservation_id = r.id
                  WHERE r.status IN ('held', 'committed') AND r.order_id >= %(since_id)s) both_sides
            GROUP BY order_id, sku HAVING sum(ordered) <> sum(kept)
            ORDER BY order_id, sku""",
    ),
    Invariant(
        name="payments_and_reservations_belong_to_an_order",
        means="There is a payment, or stock is kept, for an order that does not exist.",
        remedy="The order was lost: restore it from the backup, or give its money and stock back.",
        sql="""
            SELECT x.kind, x.id, x.order_id, x.status
            FROM (SELECT 'payment' AS kind, id, order_id, status FROM payments_payment
                  WHERE id >= %(since_id)s
                  UNION ALL
                  SELECT 'reservation', id, order_id, status FROM inventory_reservation
                  WHERE id >= %(since_id)s) x
            WHERE NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.id = x.order_id)
            ORDER BY x.id""",
    ),
)
