"""Invariants of progress: nothing is stuck, and when all is quiet nothing is left over."""

from config.invariants.checking import Invariant
from config.invariants.saga import IS_TRIED_AGAIN, NOTHING_ON_ITS_WAY, OPEN

UNDER_WAY = "('created', 'payment_pending', 'payment_authorized', 'cancellation_pending')"
_WAITS_BY_RULE = f"""
    o.status = 'payment_pending' AND EXISTS (
        SELECT 1 FROM payments_payment p JOIN payments_paymentoperation w ON w.payment_id = p.id
        WHERE p.order_id = o.id AND w.next_at > now() AND w.state IN {OPEN}
          AND w.state <> 'in_flight')"""
_WAITS_FOR_DISPUTE = """
    o.status = 'cancellation_pending' AND NOT o.owes_stock AND EXISTS (
        SELECT 1 FROM payments_payment p JOIN payments_dispute x ON x.payment_id = p.id
        WHERE p.order_id = o.id AND p.undo_at IS NULL AND x.state = 'opened'
          AND x.opened_at > now() - interval '100 days')"""
_WAITS_FOR_NEXT_TRY = f"""
    o.status = 'cancellation_pending' AND NOT o.owes_stock AND EXISTS (
        SELECT 1 FROM payments_payment p WHERE p.order_id = o.id AND {IS_TRIED_AGAIN})"""

PROGRESS_INVARIANTS = (
    Invariant(
        name="no_order_is_stuck",
        means="An order has long been under way, and nothing is left that would move it.",
        remedy="See its history; where it owes its customer money, see on the payment why it is not given back.",
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, o.status, o.payment_status,
                   o.updated_at
            FROM orders_order o
            WHERE o.id >= %(since_id)s AND o.status IN {UNDER_WAY}
              AND o.updated_at < now() - %(stuck_seconds)s * interval '1 s'
              AND {NOTHING_ON_ITS_WAY}
              AND NOT ({_WAITS_FOR_DISPUTE}) AND NOT ({_WAITS_FOR_NEXT_TRY})
              AND NOT EXISTS (SELECT 1 FROM payments_payment p
                              JOIN payments_paymentoperation w ON w.payment_id = p.id
                              WHERE p.order_id = o.id AND w.state IN {OPEN})
            ORDER BY o.id""",
    ),
    Invariant(
        name="no_payment_operation_is_overdue",
        means="A call to a provider has long been due, and nobody makes it.",
        remedy="See that a payments worker runs, and whether the provider's circuit is open.",
        sql=f"""
            SELECT id AS operation_id, kind, gate, state, attempts, next_at, error_code
            FROM payments_paymentoperation
            WHERE state IN {OPEN}
              AND greatest(next_at, coalesce(lease_until, next_at))
                  < now() - %(stuck_seconds)s * interval '1 s'
            ORDER BY next_at""",
    ),
    Invariant(
        name="nothing_waits_for_delivery",
        means="An event has not been handed to all of its subscribers.",
        remedy="Wait, or see that a worker of the subscriber's queue runs.",
        only_when_settled=True,
        sql="""
            SELECT subscriber, count(*) AS waiting, min(occurred_at) AS oldest_at
            FROM outbox_delivery GROUP BY subscriber ORDER BY subscriber""",
    ),
    Invariant(
        name="every_order_is_final_or_waits_by_rule",
        means="An order is neither confirmed nor cancelled, nor waits for a payment still to come.",
        remedy="Wait, or see its history for what it waits for.",
        only_when_settled=True,
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, o.status, o.updated_at
            FROM orders_order o
            WHERE o.id >= %(since_id)s AND o.status IN {UNDER_WAY} AND NOT ({_WAITS_BY_RULE})
              AND NOT ({_WAITS_FOR_DISPUTE})
            ORDER BY o.id""",
    ),
    Invariant(
        name="no_payment_operation_is_under_way",
        means="A call to a provider is due or being made, or serves an order that has ended.",
        remedy="Wait, or see that a payments worker runs.",
        only_when_settled=True,
        sql=f"""
            SELECT w.id AS operation_id, w.kind, w.state, w.next_at, p.order_number,
                   p.status AS payment
            FROM payments_paymentoperation w JOIN payments_payment p ON p.id = w.payment_id
            WHERE w.id >= %(since_id)s AND w.state IN {OPEN}
              AND NOT EXISTS (SELECT 1 FROM orders_order o
                              WHERE o.id = p.order_id AND {_WAITS_BY_RULE})
            ORDER BY w.next_at""",
    ),
)
