"""Ways to break the invariants of the event log."""

from tests.integration.invariants.plants.planting import DELIVERY, NEVER, Plant, copy

EVENT_PLANTS = (
    Plant(
        invariant="every_order_has_its_first_event",
        how="the event was deleted",
        statements=("DELETE FROM outbox_event WHERE aggregate_id = %(confirmed)s AND seq = 1",),
        row={"order_id": "=confirmed", "status": "confirmed"},
    ),
    Plant(
        invariant="every_first_event_has_its_order",
        how="the order was deleted",
        statements=("DELETE FROM orders_order WHERE id = %(declined)s",),
        row={"order_id": "=declined"},
    ),
    Plant(
        invariant="events_of_an_aggregate_have_no_gap",
        how="one in the middle was deleted",
        statements=("DELETE FROM outbox_event WHERE aggregate_id = %(confirmed)s AND seq = 2",),
        row={"aggregate_id": "=confirmed", "events": 2, "last": 3, "repeated": 0},
    ),
    Plant(
        invariant="events_of_an_aggregate_have_no_gap",
        how="the first one was deleted",
        statements=("DELETE FROM outbox_event WHERE aggregate_id = %(confirmed)s AND seq = 1",),
        row={"aggregate_id": "=confirmed", "events": 2, "first": 2, "last": 3},
    ),
    Plant(
        invariant="events_of_an_aggregate_have_no_gap",
        how="one was stored twice",
        statements=copy(
            "outbox_event", "aggregate_id = %(confirmed)s AND seq = 2", event_id="event_id + 10000"
        ),
        row={"aggregate_id": "=confirmed", "events": 4, "last": 3, "repeated": 1},
    ),
    Plant(
        invariant="versions_agree_with_events",
        how="the last event was deleted",
        statements=("DELETE FROM outbox_event WHERE aggregate_id = %(confirmed)s AND seq = 3",),
        row={"aggregate_id": "=confirmed", "version": 3, "last_event": 2},
    ),
    Plant(
        invariant="decisive_events_happen_once",
        how="an order was confirmed twice",
        statements=(
            "UPDATE outbox_event SET type = 'orders.order_confirmed' "
            "WHERE aggregate_id = %(confirmed)s AND seq = 2",
        ),
        row={"type": "orders.order_confirmed", "aggregate_id": "=confirmed", "times": 2},
    ),
    Plant(
        invariant="decisive_events_happen_once",
        how="a payment was captured twice",
        statements=copy(
            "outbox_event",
            "key = %(confirmed)s AND type = 'payments.payment_captured'",
            event_id="event_id + 10000",
        ),
        row={"type": "payments.payment_captured", "times": 2},
    ),
    Plant(
        invariant="every_delivery_has_its_event",
        how="an event is missing",
        statements=(DELIVERY + "('orders.saga', 0, 999999999, now(), %(confirmed)s)",),
        row={"subscriber": "orders.saga", "event_id": 999999999},
    ),
    Plant(
        invariant="no_dead_letters",
        how="a key was given up",
        statements=(
            "INSERT INTO outbox_parked (subscriber, key, event_id, attempts, next_at, dead, error, "
            "parked_at) VALUES ('orders.saga', %(confirmed)s, 1, 8, now(), true, 'No.', now())",
        ),
        row={"subscriber": "orders.saga", "key": "=confirmed", "attempts": 8},
    ),
    Plant(
        invariant="no_delivery_is_overdue",
        how="nobody has come for eleven minutes",
        statements=(DELIVERY + "('orders.saga', 0, 1, now() - interval '11 min', %(confirmed)s)",),
        row={"subscriber": "orders.saga", "waiting": 1},
    ),
    Plant(
        invariant="default_partitions_are_empty",
        how="a step lies far ahead",
        statements=copy(
            "orders_orderstep",
            "order_id = %(confirmed)s AND position = 1",
            order_id=f"'{NEVER}'",
        ),
        row={"partition": "orders_orderstep_default", "rows": 1},
    ),
)
