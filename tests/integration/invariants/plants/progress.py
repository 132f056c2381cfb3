"""Ways to break the invariants of progress."""

from tests.integration.invariants.plants.planting import DELIVERY, OF_CONFIRMED, OF_WAITING, Plant

PROGRESS_PLANTS = (
    Plant(
        invariant="no_order_is_stuck",
        how="nothing moves it",
        statements=(
            "UPDATE orders_order SET status = 'created', updated_at = now() - interval '11 min' "
            "WHERE id = %(short)s",
        ),
        row={"order_id": "=short", "status": "created"},
    ),
    Plant(
        invariant="no_order_is_stuck",
        how="its refund failed, and was not tried again when it was due",
        statements=(
            "UPDATE orders_order SET status = 'cancellation_pending', owes_stock = false, "
            "updated_at = now() - interval '11 min' WHERE id = %(refunded)s",
            "UPDATE payments_payment SET status = 'captured', refunded_minor = 0, "
            "undo_at = now() - interval '11 min' WHERE order_id = %(refunded)s",
        ),
        row={"order_id": "=refunded", "status": "cancellation_pending"},
    ),
    Plant(
        invariant="no_payment_operation_is_overdue",
        how="nobody makes the call",
        statements=(
            "UPDATE payments_paymentoperation SET next_at = now() - interval '11 min' "
            f"WHERE {OF_WAITING}",
        ),
        row={"kind": "authorize", "gate": "sandbox", "state": "waiting"},
    ),
    Plant(
        invariant="nothing_waits_for_delivery",
        how="an event was just published",
        statements=(DELIVERY + "('orders.saga', 0, 1, now(), %(confirmed)s)",),
        row={"subscriber": "orders.saga", "waiting": 1},
    ),
    Plant(
        invariant="every_order_is_final_or_waits_by_rule",
        how="an order was just placed",
        statements=("UPDATE orders_order SET status = 'created' WHERE id = %(short)s",),
        row={"order_id": "=short", "status": "created"},
    ),
    Plant(
        invariant="every_order_is_final_or_waits_by_rule",
        how="the payment it waits for is due",
        statements=(f"UPDATE payments_paymentoperation SET next_at = now() WHERE {OF_WAITING}",),
        row={"order_id": "=waiting", "status": "payment_pending"},
    ),
    Plant(
        invariant="no_payment_operation_is_under_way",
        how="a call is being made",
        statements=(
            f"UPDATE payments_paymentoperation SET state = 'in_flight' WHERE {OF_WAITING}",
        ),
        row={"kind": "authorize", "state": "in_flight", "payment": "requires_action"},
    ),
    Plant(
        invariant="no_payment_operation_is_under_way",
        how="it serves an order that has ended",
        statements=(
            "UPDATE payments_paymentoperation SET state = 'pending', next_at = now() + '1 hour' "
            f"WHERE kind = 'capture' AND {OF_CONFIRMED}",
        ),
        row={"kind": "capture", "state": "pending", "payment": "captured"},
    ),
)
