"""Ways to break the invariants of answered requests."""

from tests.integration.invariants.plants.planting import Plant, copy

IDEMPOTENCY_PLANTS = (
    Plant(
        invariant="every_answered_placement_has_its_order",
        how="the order was deleted",
        statements=("DELETE FROM orders_order WHERE id = %(confirmed)s",),
        row={"order_id": "=confirmed", "client": "service:storefront", "key": "only-once"},
    ),
    Plant(
        invariant="no_order_answers_two_keys",
        how="another key was answered with it",
        statements=copy("idempotency_record", "key = 'only-once'", key="'second'"),
        row={"order_id": "=confirmed", "keys": 2},
    ),
)
