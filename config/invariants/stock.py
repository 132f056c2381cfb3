"""Invariants of stock: levels, reservations and the ledger tell the same story.

A level is the sum of everything since the beginning, so `--since` chooses the levels that moved
since then and sums all of their past.
"""

from config.invariants.checking import Invariant

_STOCK_IS_WRONG = "Stop selling the SKU, count it in the warehouse, and find the change that went past the ledger."
_MOVED = """(NOT %(is_bounded)s::boolean OR (x.sku, x.warehouse_id) IN (
                SELECT sku, warehouse_id FROM inventory_stockmovement WHERE id >= %(since_id)s))"""

STOCK_INVARIANTS = (
    Invariant(
        name="reserved_is_what_open_reservations_hold",
        means="A level's reserved units are not the sum of the held and committed reservations.",
        remedy=_STOCK_IS_WRONG,
        sql=f"""
            SELECT x.sku, x.warehouse_id AS warehouse, sum(x.reserved) AS reserved,
                   sum(x.held) AS held
            FROM (SELECT sku, warehouse_id, reserved, 0 AS held FROM inventory_stocklevel
                  UNION ALL
                  SELECT i.sku, i.warehouse_id, 0, i.quantity
                  FROM inventory_reservationitem i
                  JOIN inventory_reservation r ON r.id = i.reservation_id
                  WHERE r.status IN ('held', 'committed')) x
            WHERE {_MOVED}
            GROUP BY x.sku, x.warehouse_id HAVING sum(x.reserved) <> sum(x.held)
            ORDER BY x.sku, x.warehouse_id""",
    ),
    Invariant(
        name="no_more_is_reserved_than_on_hand",
        means="More units are promised than there are: some orders cannot be filled.",
        remedy="Oversold: stop selling the SKU, and settle with the youngest orders' customers.",
        sql="""
            SELECT sku, warehouse_id AS warehouse, on_hand, reserved FROM inventory_stocklevel
            WHERE reserved > on_hand OR reserved < 0 OR on_hand < 0
            ORDER BY sku, warehouse_id""",
    ),
    Invariant(
        name="the_ledger_adds_up_to_the_level",
        means="The movements of a SKU in a warehouse do not add up to its level.",
        remedy=_STOCK_IS_WRONG,
        sql=f"""
            SELECT x.sku, x.warehouse_id AS warehouse,
                   sum(x.on_hand) AS on_hand, sum(x.moved_on_hand) AS moved_on_hand,
                   sum(x.reserved) AS reserved, sum(x.moved_reserved) AS moved_reserved
            FROM (SELECT sku, warehouse_id, on_hand, reserved, 0 AS moved_on_hand,
                         0 AS moved_reserved FROM inventory_stocklevel
                  UNION ALL
                  SELECT sku, warehouse_id, 0, 0, on_hand_delta, reserved_delta
                  FROM inventory_stockmovement) x
            WHERE {_MOVED}
            GROUP BY x.sku, x.warehouse_id
            HAVING sum(x.on_hand) <> sum(x.moved_on_hand)
                OR sum(x.reserved) <> sum(x.moved_reserved)
            ORDER BY x.sku, x.warehouse_id""",
    ),
)
