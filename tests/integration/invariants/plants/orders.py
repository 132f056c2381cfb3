"""Ways to break the invariants of orders."""

from tests.integration.invariants.plants.planting import Plant, copy, without

ORDER_PLANTS = (
    Plant(
        invariant="order_totals_balance",
        how="a total was changed",
        statements=(
            without("order_totals_balance"),
            "UPDATE orders_order SET total_minor = 1 WHERE id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "total_minor": 1, "sum_minor": 3 * 1990 + 490},
    ),
    Plant(
        invariant="order_items_add_up",
        how="a price was changed",
        statements=(
            "UPDATE orders_orderitem SET unit_price_minor = 1991 "
            "WHERE order_id = %(confirmed)s AND sku = 'SKU-A'",
        ),
        row={"order_id": "=confirmed", "items_minor": 5970, "sum_minor": 5972},
    ),
    Plant(
        invariant="order_items_add_up",
        how="the items were deleted",
        statements=("DELETE FROM orders_orderitem WHERE order_id = %(confirmed)s",),
        row={"order_id": "=confirmed", "items_minor": 5970, "sum_minor": 0},
    ),
    Plant(
        invariant="order_status_is_that_of_its_last_step",
        how="the status was changed",
        statements=("UPDATE orders_order SET status = 'processing' WHERE id = %(confirmed)s",),
        row={"order_id": "=confirmed", "status": "processing", "last_step": "confirmed"},
    ),
    Plant(
        invariant="order_history_has_no_gap",
        how="a step was deleted",
        statements=(
            "DELETE FROM orders_orderstep WHERE order_id = %(confirmed)s AND position = 2",
        ),
        row={"order_id": "=confirmed", "steps": 5, "found": 4},
    ),
    Plant(
        invariant="an_event_moves_an_order_once",
        how="a capture was noted twice",
        statements=copy(
            "orders_orderstep", "order_id = %(confirmed)s AND position = 5", position="6"
        ),
        row={"order_id": "=confirmed", "what": "Payment captured", "times": 2},
    ),
    Plant(
        invariant="order_history_follows_the_state_machine",
        how="a status was skipped",
        statements=(
            "UPDATE orders_orderstep SET to_status = 'shipped' "
            "WHERE order_id = %(confirmed)s AND position = 5",
        ),
        row={"order_id": "=confirmed", "from_status": "confirmed", "to_status": "shipped"},
    ),
    Plant(
        invariant="order_history_follows_the_state_machine",
        how="a step does not begin where the one before ended",
        statements=(
            "UPDATE orders_orderstep SET from_status = 'created', to_status = 'created' "
            "WHERE order_id = %(confirmed)s AND position = 5",
        ),
        row={"order_id": "=confirmed", "position": 5, "before": "confirmed"},
    ),
    Plant(
        invariant="order_history_follows_the_state_machine",
        how="an order begins in the middle",
        statements=(
            "UPDATE orders_orderstep SET from_status = 'confirmed' "
            "WHERE order_id = %(confirmed)s AND position = 1",
        ),
        row={"order_id": "=confirmed", "position": 1, "from_status": "confirmed"},
    ),
)
