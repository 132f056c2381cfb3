"""Ways to break the invariants of stock."""

from tests.integration.invariants.plants.planting import Plant, without

STOCK_PLANTS = (
    Plant(
        invariant="reserved_is_what_open_reservations_hold",
        how="a level was changed",
        statements=("UPDATE inventory_stocklevel SET reserved = 4 WHERE sku = 'SKU-A'",),
        row={"sku": "SKU-A", "warehouse": "BER", "reserved": 4, "held": 3},
    ),
    Plant(
        invariant="reserved_is_what_open_reservations_hold",
        how="the level is missing",
        statements=("DELETE FROM inventory_stocklevel WHERE sku = 'SKU-B'",),
        row={"sku": "SKU-B", "reserved": 0, "held": 1},
    ),
    Plant(
        invariant="no_more_is_reserved_than_on_hand",
        how="units were promised that are not there",
        statements=(
            without("reserved_never_exceeds_on_hand"),
            "UPDATE inventory_stocklevel SET reserved = 11 WHERE sku = 'SKU-A'",
        ),
        row={"sku": "SKU-A", "warehouse": "BER", "on_hand": 10, "reserved": 11},
    ),
    Plant(
        invariant="the_ledger_adds_up_to_the_level",
        how="a level was changed",
        statements=("UPDATE inventory_stocklevel SET on_hand = 11 WHERE sku = 'SKU-A'",),
        row={"sku": "SKU-A", "on_hand": 11, "moved_on_hand": 10, "reserved": 3},
    ),
    Plant(
        invariant="the_ledger_adds_up_to_the_level",
        how="a movement is missing",
        statements=(
            "DELETE FROM inventory_stockmovement WHERE order_id = %(waiting)s AND sku = 'SKU-A'",
        ),
        row={"sku": "SKU-A", "reserved": 3, "moved_reserved": 2},
    ),
)
