"""Invariants of the event log: nothing is missing in it, and nothing waits for ever."""

from apps.platform.partitions.making import default_name
from apps.platform.partitions.registry import list_partitioned_tables
from config.invariants.checking import Invariant

# Ids carry the clock of a web server and events that of the database: a bound on one needs some
# room on the other.
_ROOM = "interval '1 hour'"

_LOG_IS_ALTERED = (
    "The event log is written with its change and never altered: find out who changed the tables "
    "by hand, and compare with the latest backup."
)

EVENT_INVARIANTS = (
    Invariant(
        name="every_order_has_its_first_event",
        means="An order was stored without OrderCreated, so nobody will ever work on it.",
        remedy=_LOG_IS_ALTERED,
        sql=f"""
            SELECT o.id AS order_id, o.number AS order_number, o.status
            FROM orders_order o
            WHERE o.id >= %(since_id)s AND NOT EXISTS (
                SELECT 1 FROM outbox_event e
                WHERE e.aggregate_id = o.id AND e.aggregate_type = 'order' AND e.seq = 1
                  AND e.type = 'orders.order_created'
                  AND e.occurred_at >= %(since)s::timestamptz - {_ROOM})
            ORDER BY o.id""",
    ),
    Invariant(
        name="every_first_event_has_its_order",
        means="OrderCreated was published, but there is no such order: it was lost.",
        remedy="The event holds the items and the total; restore the order from the backup.",
        sql="""
            SELECT e.aggregate_id AS order_id, e.payload ->> 'number' AS order_number, e.event_id
            FROM outbox_event e
            WHERE e.type = 'orders.order_created' AND e.occurred_at >= %(since)s
              AND NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.id = e.aggregate_id)
            ORDER BY e.event_id""",
    ),
    Invariant(
        name="events_of_an_aggregate_have_no_gap",
        means="The events of one thing are not numbered 1, 2, 3 …: one is missing or stored twice.",
        remedy=_LOG_IS_ALTERED,
        sql="""
            SELECT aggregate_type, aggregate_id, count(*) AS events, min(seq) AS first,
                   max(seq) AS last, count(*) - count(DISTINCT seq) AS repeated
            FROM outbox_event
            WHERE NOT %(is_bounded)s::boolean OR aggregate_id IN (
                SELECT aggregate_id FROM outbox_event WHERE occurred_at >= %(since)s)
            GROUP BY aggregate_type, aggregate_id
            HAVING count(*) <> max(seq) OR count(*) <> count(DISTINCT seq)
            ORDER BY aggregate_type, aggregate_id""",
    ),
    Invariant(
        name="versions_agree_with_events",
        means="A thing has changed more or less often than it has told.",
        remedy=_LOG_IS_ALTERED,
        sql="""
            SELECT a.kind AS aggregate_type, a.id AS aggregate_id, a.version,
                   coalesce(e.last, 0) AS last_event
            FROM (SELECT 'order' AS kind, id, version FROM orders_order WHERE id >= %(since_id)s
                  UNION ALL
                  SELECT 'payment', id, version FROM payments_payment WHERE id >= %(since_id)s
                  UNION ALL
                  SELECT 'reservation', id, version FROM inventory_reservation
                  WHERE id >= %(since_id)s) a
            LEFT JOIN LATERAL (
                SELECT max(seq) AS last FROM outbox_event
                WHERE aggregate_id = a.id AND aggregate_type = a.kind) e ON true
            WHERE a.version <> coalesce(e.last, 0)
            ORDER BY a.id""",
    ),
    Invariant(
        name="decisive_events_happen_once",
        means="A step that an order or payment takes once was published twice.",
        remedy="Look whether its effects were had twice: reservation, charge, message, parcel.",
        # A charge that was in doubt and stands is told once more.
        sql="""
            SELECT type, aggregate_id, count(*) AS times
            FROM outbox_event
            WHERE occurred_at >= %(since)s AND type IN (
                'orders.order_created', 'orders.order_payment_pending', 'orders.order_confirmed',
                'orders.order_cancellation_requested', 'orders.order_cancelled',
                'payments.payment_authorized', 'payments.payment_captured',
                'payments.payment_failed', 'payments.payment_voided')
            GROUP BY type, aggregate_id
            HAVING count(*) > 1 AND count(*) > 1 + CASE
                WHEN type = 'payments.payment_captured' THEN (
                    SELECT count(*) FROM payments_ledgerentry l
                    WHERE l.payment_id = aggregate_id
                      AND (l.from_account, l.to_account) = ('provider', 'authorised'))
                ELSE 0 END
            ORDER BY type, aggregate_id""",
    ),
    Invariant(
        name="every_delivery_has_its_event",
        means="A subscriber is to be handed an event that does not exist; it never will be.",
        remedy="A partition of the log went while something in it was still to be delivered.",
        sql="""
            SELECT d.subscriber, d.event_id, d.key
            FROM outbox_delivery d
            WHERE NOT EXISTS (SELECT 1 FROM outbox_event e
                              WHERE e.occurred_at = d.occurred_at AND e.event_id = d.event_id)
            ORDER BY d.event_id""",
    ),
    Invariant(
        name="no_dead_letters",
        means="A subscriber failed eight times on an event; the rest of its story waits behind it.",
        remedy="Mend the cause, then retry it, or skip this one, under parked events in the admin.",
        sql="""
            SELECT subscriber, key, event_id, attempts, left(error, 120) AS error
            FROM outbox_parked WHERE dead ORDER BY parked_at""",
    ),
    Invariant(
        name="no_delivery_is_overdue",
        means="An event has waited for a subscriber far longer than a retry would take.",
        remedy="See that a worker of the subscriber's queue runs, and what its log says.",
        sql="""
            SELECT d.subscriber, count(*) AS waiting, min(d.occurred_at) AS oldest_at
            FROM outbox_delivery d
            WHERE d.occurred_at < now() - %(stuck_seconds)s * interval '1 s'
              AND NOT EXISTS (SELECT 1 FROM outbox_parked p
                              WHERE p.subscriber = d.subscriber AND p.key = d.key AND p.dead)
            GROUP BY d.subscriber ORDER BY d.subscriber""",
    ),
)


def list_event_invariants() -> list[Invariant]:
    """Give the invariants of the log and of the partitions that hold it and the orders."""
    return [*EVENT_INVARIANTS, _default_partitions_are_empty()]


def _default_partitions_are_empty() -> Invariant:
    counts = " UNION ALL ".join(
        f"SELECT '{default_name(table)}' AS partition, count(*) AS rows FROM {default_name(table)}"
        for table in list_partitioned_tables()
    )
    return Invariant(
        name="default_partitions_are_empty",
        means="Rows fell outside every partition of their time; its partition can now not be made.",
        remedy="Start the scheduler, then move the rows as the runbook on partitions says.",
        sql=f"SELECT partition, rows FROM ({counts}) d WHERE rows > 0",
    )
