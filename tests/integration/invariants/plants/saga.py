"""Ways to break the invariants between contexts."""

from tests.integration.invariants.plants.planting import NEVER, OF_CONFIRMED, Plant

_REFUND = """
    INSERT INTO orders_orderrefund (
        id, order_id, nth, amount_minor, lines, reason, status, requested_by, created_at, updated_at)
    VALUES (gen_random_uuid(), %(confirmed)s, 1, 100, '[]', '', 'requested', 'test', now(), now())"""

SAGA_PLANTS = (
    Plant(
        invariant="what_is_to_be_refunded_is_agreed",
        how="payments never heard of a refund",
        statements=(_REFUND,),
        row={"order_id": "=confirmed", "asked_for": 100, "known": 0},
    ),
    Plant(
        invariant="what_is_to_be_refunded_is_agreed",
        how="a refund counts as done that was not made",
        statements=(
            _REFUND,
            "UPDATE orders_orderrefund SET status = 'done'",
            "UPDATE payments_payment SET refund_wanted_minor = 100 WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "done": 100, "refunded": 0},
    ),
    Plant(
        invariant="what_is_to_be_refunded_is_agreed",
        how="a refund counts as not owed that no dispute has taken",
        statements=(
            _REFUND,
            "UPDATE orders_orderrefund SET status = 'not_owed', not_owed_minor = 100",
            "UPDATE payments_payment SET refund_wanted_minor = 100 WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "not_owed": 100, "lost": 0},
    ),
    Plant(
        invariant="a_confirmed_order_has_its_stock",
        how="the reservation was released",
        statements=(
            "UPDATE inventory_reservation SET status = 'released' WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "reservation": "released"},
    ),
    Plant(
        invariant="a_confirmed_order_has_its_stock",
        how="there never was a reservation",
        statements=(
            "DELETE FROM inventory_reservationitem WHERE reservation_id = "
            "(SELECT id FROM inventory_reservation WHERE order_id = %(confirmed)s)",
            "DELETE FROM inventory_reservation WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "reservation": None},
    ),
    Plant(
        invariant="a_confirmed_order_has_its_payment",
        how="less was authorised than it costs",
        statements=(
            "UPDATE payments_payment SET amount_minor = 6000, captured_minor = 6000 "
            "WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "total_minor": 6460, "amount_minor": 6000},
    ),
    Plant(
        invariant="a_confirmed_order_has_its_payment",
        how="there is no payment",
        statements=(
            "ALTER TABLE payments_paymentoperation DISABLE TRIGGER payment_operation_stays",
            f"DELETE FROM payments_paymentoperation WHERE {OF_CONFIRMED}",
            "DELETE FROM payments_payment WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "payment": None},
    ),
    Plant(
        invariant="a_confirmed_order_is_charged_or_about_to_be",
        how="the capture was refused",
        statements=(
            "UPDATE payments_payment SET status = 'authorized', captured_minor = 0 "
            "WHERE order_id = %(confirmed)s",
            "UPDATE payments_paymentoperation SET state = 'declined', error_code = 'expired' "
            f"WHERE kind = 'capture' AND {OF_CONFIRMED}",
        ),
        row={"order_id": "=confirmed", "capture_error": "expired"},
    ),
    Plant(
        invariant="a_cancelled_order_holds_no_stock",
        how="the reservation was not released",
        statements=(
            "UPDATE inventory_reservation SET status = 'held' WHERE order_id = %(declined)s",
        ),
        row={"order_id": "=declined", "reservation": "held"},
    ),
    Plant(
        invariant="a_confirmed_order_keeps_its_payment",
        how="its payment was let go, and given back",
        statements=(
            "UPDATE payments_payment SET is_unwanted = true, refunded_minor = captured_minor "
            "WHERE order_id = %(confirmed)s",
        ),
        row={"order_id": "=confirmed", "lost_minor": 0},
    ),
    Plant(
        invariant="a_cancelled_order_keeps_no_money",
        how="the refund did not happen",
        statements=(
            "UPDATE payments_payment SET status = 'captured', refunded_minor = 0 "
            "WHERE order_id = %(refunded)s",
        ),
        row={"order_id": "=refunded", "payment": "captured", "refunded_minor": 0},
    ),
    Plant(
        invariant="a_cancelled_order_keeps_no_money",
        how="only a part was refunded",
        statements=(
            "UPDATE payments_payment SET refunded_minor = refunded_minor - 1 "
            "WHERE order_id = %(refunded)s",
        ),
        row={"order_id": "=refunded", "payment": "refunded", "refunded_minor": 2479},
    ),
    Plant(
        invariant="a_cancelled_order_keeps_no_money",
        how="its refund failed, and was not tried again when it was due",
        statements=(
            "UPDATE payments_payment SET status = 'captured', refunded_minor = 0, "
            "undo_at = now() - interval '11 min' WHERE order_id = %(refunded)s",
        ),
        row={"order_id": "=refunded", "payment": "captured", "refunded_minor": 0},
    ),
    Plant(
        invariant="a_cancelled_order_keeps_no_money",
        how="its refund has been under way for more than a week",
        statements=(
            "UPDATE payments_payment SET status = 'captured', refunded_minor = 0 "
            "WHERE order_id = %(refunded)s",
            "UPDATE payments_paymentoperation SET state = 'waiting', created_at = now() - interval '8 days' "
            "WHERE kind = 'refund' AND payment_id = (SELECT id FROM payments_payment "
            "WHERE order_id = %(refunded)s)",
        ),
        row={"order_id": "=refunded", "payment": "captured", "refunded_minor": 0},
    ),
    Plant(
        invariant="a_cancelled_order_keeps_no_money",
        how="its payment would give back nothing when it is tried again",
        statements=(
            "UPDATE payments_payment SET status = 'captured', refunded_minor = 0, "
            "is_unwanted = false, undo_at = now() + interval '1 hour' WHERE order_id = %(refunded)s",
        ),
        row={"order_id": "=refunded", "payment": "captured", "refunded_minor": 0},
    ),
    Plant(
        invariant="a_reservation_holds_what_was_ordered",
        how="a unit more is kept",
        statements=(
            "UPDATE inventory_reservationitem SET quantity = 3 WHERE sku = 'SKU-A' AND "
            "reservation_id = (SELECT id FROM inventory_reservation WHERE order_id = %(confirmed)s)",
        ),
        row={"order_id": "=confirmed", "sku": "SKU-A", "ordered": 2, "kept": 3},
    ),
    Plant(
        invariant="payments_and_reservations_belong_to_an_order",
        how="a payment is nobody's",
        statements=(
            f"UPDATE payments_payment SET order_id = '{NEVER}' WHERE order_id = %(declined)s",
        ),
        row={"kind": "payment", "status": "failed"},
    ),
    Plant(
        invariant="payments_and_reservations_belong_to_an_order",
        how="stock is kept for nobody",
        statements=(
            f"UPDATE inventory_reservation SET order_id = '{NEVER}' WHERE order_id = %(waiting)s",
        ),
        row={"kind": "reservation", "status": "held"},
    ),
)
