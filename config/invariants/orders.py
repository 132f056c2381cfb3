"""Invariants of orders alone: their sums, and their history."""

from apps.orders.models import Order
from config.invariants.checking import Invariant

_BY_HAND = "Only a change by hand can do this: find it in the database's log, and set it right."

ORDER_INVARIANTS = (
    Invariant(
        name="order_totals_balance",
        means="An order's total is not its items − discounts + shipping + tax.",
        remedy=_BY_HAND,
        sql="""
            SELECT id AS order_id, number AS order_number, total_minor,
                   items_minor - discounts_minor + shipping_minor + tax_minor AS sum_minor
            FROM orders_order
            WHERE id >= %(since_id)s
              AND total_minor <> items_minor - discounts_minor + shipping_minor + tax_minor
            ORDER BY id""",
    ),
    Invariant(
        name="order_items_add_up",
        means="An order's items do not add up to what it says of them, or it has none.",
        remedy=_BY_HAND,
        sql="""
            SELECT o.id AS order_id, o.number AS order_number, o.items_minor,
                   coalesce(sum(i.quantity * i.unit_price_minor), 0) AS sum_minor
            FROM orders_order o
            LEFT JOIN orders_orderitem i ON i.order_id = o.id AND i.order_id >= %(since_id)s
            WHERE o.id >= %(since_id)s
            GROUP BY o.id, o.number, o.items_minor
            HAVING o.items_minor IS DISTINCT FROM sum(i.quantity * i.unit_price_minor)
            ORDER BY o.id""",
    ),
    Invariant(
        name="order_status_is_that_of_its_last_step",
        means="An order's status is not the one that its history ends with.",
        remedy=_BY_HAND,
        sql="""
            SELECT o.id AS order_id, o.number AS order_number, o.status, s.to_status AS last_step
            FROM orders_order o
            LEFT JOIN orders_orderstep s ON s.order_id = o.id AND s.position = o.steps
            WHERE o.id >= %(since_id)s AND o.status IS DISTINCT FROM s.to_status
            ORDER BY o.id""",
    ),
    Invariant(
        name="order_history_has_no_gap",
        means="The steps of an order's history are not numbered 1, 2, 3 … up to its count of them.",
        remedy=_BY_HAND,
        sql="""
            SELECT o.id AS order_id, o.number AS order_number, o.steps, count(s.position) AS found,
                   min(s.position) AS first, max(s.position) AS last
            FROM orders_order o
            LEFT JOIN orders_orderstep s ON s.order_id = o.id AND s.order_id >= %(since_id)s
            WHERE o.id >= %(since_id)s
            GROUP BY o.id, o.number, o.steps
            HAVING count(s.position) <> o.steps OR count(DISTINCT s.position) <> o.steps
                OR min(s.position) <> 1 OR max(s.position) <> o.steps
            ORDER BY o.id""",
    ),
    Invariant(
        name="an_event_moves_an_order_once",
        means="The same event left the same step in an order's history twice: it was handled twice.",
        remedy="Two workers handled one lane at once; look what else the event did twice.",
        sql="""
            SELECT order_id, causation_id, what, count(*) AS times
            FROM orders_orderstep
            WHERE order_id >= %(since_id)s AND causation_id ~ '^[0-9]+$'
            GROUP BY order_id, causation_id, what HAVING count(*) > 1
            ORDER BY order_id, causation_id""",
    ),
)


def list_order_invariants() -> list[Invariant]:
    """Give the invariants of orders; the ways between states are those of the model itself."""
    return [*ORDER_INVARIANTS, _history_follows_the_state_machine()]


def _history_follows_the_state_machine() -> Invariant:
    field = Order._meta.get_field("status")
    ways = sorted({(way.source, way.target) for way in field.get_all_transitions(Order)})
    pairs = ", ".join(f"('{source}', '{target}')" for source, target in ways)
    return Invariant(
        name="order_history_follows_the_state_machine",
        means="An order went from one status to another in a way that there is not.",
        remedy=_BY_HAND,
        sql=f"""
            SELECT s.order_id, s.position, s.before, s.from_status, s.to_status
            FROM (SELECT order_id, position, from_status, to_status,
                         lag(to_status) OVER (PARTITION BY order_id ORDER BY position) AS before
                  FROM orders_orderstep WHERE order_id >= %(since_id)s) s
            WHERE CASE WHEN s.before IS NULL THEN (s.from_status, s.to_status) <> ('', 'created')
                  ELSE s.from_status <> s.before
                       OR s.to_status <> s.from_status
                          AND (s.from_status, s.to_status) NOT IN (VALUES {pairs}) END
            ORDER BY s.order_id, s.position""",
    )
