"""For each invariant, at least one way to break it by hand."""

from dataclasses import dataclass

NEVER = "99999999-9999-7999-8999-999999999999"
"""An id from the year 7231."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Statements that break an invariant, and what the row found is to say.

    A value `=name` stands for the id of that order of the shop.
    """

    invariant: str
    how: str
    statements: tuple[str, ...]
    row: dict[str, object]


def without(constraint: str) -> str:
    """Take a constraint away, from a partitioned table and its partitions too."""
    return f"""
        DO $$ DECLARE holder regclass; BEGIN
            FOR holder IN SELECT conrelid::regclass FROM pg_constraint
                          WHERE conname = '{constraint}' ORDER BY coninhcount LOOP
                EXECUTE format('ALTER TABLE %%s DROP CONSTRAINT IF EXISTS {constraint}', holder);
            END LOOP;
        END $$"""


def copy(table: str, where: str, **changes: str) -> tuple[str, ...]:
    """Store a row a second time with some columns changed to other expressions."""
    columns = ", ".join(f"{name} = {value}" for name, value in changes.items())
    return (
        f"CREATE TEMPORARY TABLE copied AS SELECT * FROM {table} WHERE {where}",
        f"UPDATE copied SET {columns}",
        f"INSERT INTO {table} SELECT * FROM copied",
    )


_DELIVERY = "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) VALUES "
_MESSAGE = """
    INSERT INTO notifications_message (
        id, event_id, order_id, customer_id, kind, channel, status, context, locale, to_address,
        subject, provider_id, problem, attempts, created_at, queued_at, next_at)
    SELECT ('019abcde-0000-7000-8000-00000000000' || v.n)::uuid, v.event_id, %(confirmed)s,
           %(confirmed)s, v.kind, 'email', v.status, '{}', 'en', '', '', '', '', 0, now(), now(),
           now()
    FROM (VALUES """
_OF_CONFIRMED = "payment_id = (SELECT id FROM payments_payment WHERE order_id = %(confirmed)s)"
_OF_WAITING = "payment_id = (SELECT id FROM payments_payment WHERE order_id = %(waiting)s)"

_REFUND = """
    INSERT INTO orders_orderrefund (
        id, order_id, nth, amount_minor, lines, reason, status, requested_by, created_at, updated_at)
    VALUES (gen_random_uuid(), %(confirmed)s, 1, 100, '[]', '', 'requested', 'test', now(), now())"""

_FEE_LINE = """
    INSERT INTO payments_settlementlinerecord (
        provider, line_id, kind, reference, payment_reference, gross_minor, currency, fee_minor,
        fee_currency, booked_at, stored_at)
    VALUES ('stripe', 'txn_1', 'fee', '', '', 0, 'EUR', 7, 'EUR', now(), now())"""

PLANTS = (
    Plant(
        invariant="fees_agree_with_settlement_lines",
        how="a fee was never booked",
        statements=(_FEE_LINE,),
        row={"line_id": "txn_1", "fee_minor": 7, "booked": None},
    ),
    Plant(
        invariant="fees_agree_with_settlement_lines",
        how="a fee was booked the wrong way",
        statements=(
            _FEE_LINE,
            """INSERT INTO payments_ledgerentry (
                   settlement_line_id, what, from_account, to_account, amount_minor, currency, actor,
                   at)
               SELECT id, 'Fee', 'fees', 'provider', 7, 'EUR', 'test', now()
               FROM payments_settlementlinerecord""",
        ),
        row={"line_id": "txn_1", "fee_minor": 7, "booked": 7},
    ),
    Plant(
        invariant="the_ledger_agrees_with_payments",
        how="an entry was added that nothing explains",
        statements=(
            """INSERT INTO payments_ledgerentry (
                   payment_id, operation_id, what, from_account, to_account, amount_minor, currency,
                   actor, at)
               SELECT id, gen_random_uuid(), 'Captured', 'authorised', 'provider', 5, currency, 'test', now()
               FROM payments_payment WHERE order_id = %(confirmed)s""",
        ),
        row={"authorised": -5},
    ),
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
        invariant="every_delivery_has_its_event",
        how="an event is missing",
        statements=(_DELIVERY + "('orders.saga', 0, 999999999, now(), %(confirmed)s)",),
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
        statements=(_DELIVERY + "('orders.saga', 0, 1, now() - interval '11 min', %(confirmed)s)",),
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
            f"DELETE FROM payments_paymentoperation WHERE {_OF_CONFIRMED}",
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
            f"WHERE kind = 'capture' AND {_OF_CONFIRMED}",
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
    Plant(
        invariant="no_more_is_captured_than_authorised",
        how="too much was charged",
        statements=(
            without("never_captured_more_than_authorised"),
            "UPDATE payments_payment SET captured_minor = 6461 WHERE order_id = %(confirmed)s",
        ),
        row={"amount_minor": 6460, "captured_minor": 6461},
    ),
    Plant(
        invariant="a_payment_is_authorised_once",
        how="a second call succeeded",
        statements=copy(
            "payments_paymentoperation",
            f"kind = 'authorize' AND {_OF_CONFIRMED}",
            id="gen_random_uuid()",
            idempotency_key="'again'",
        ),
        row={"authorisations": 2},
    ),
    Plant(
        invariant="a_payment_agrees_with_its_operations",
        how="less was charged than the payment says",
        statements=(
            "UPDATE payments_paymentoperation SET amount_minor = 6459 "
            f"WHERE kind = 'capture' AND {_OF_CONFIRMED}",
        ),
        row={"captured_minor": 6460, "captured": 6459},
    ),
    Plant(
        invariant="a_payment_agrees_with_its_operations",
        how="a failed payment was authorised",
        statements=(
            "UPDATE payments_payment SET status = 'failed', captured_minor = 0 "
            "WHERE order_id = %(confirmed)s",
            f"DELETE FROM payments_paymentoperation WHERE kind = 'capture' AND {_OF_CONFIRMED}",
        ),
        row={"status": "failed", "authorised": True, "voided": False},
    ),
    Plant(
        invariant="numbers_of_documents_have_no_gap",
        how="the first receipt was deleted",
        statements=(
            "ALTER TABLE payments_document DISABLE TRIGGER document_stays_as_written",
            "DELETE FROM payments_document WHERE kind = 'receipt' AND nth = 1",
        ),
        row={"last": 2, "documents": 1, "first": 2, "highest": 2},
    ),
    Plant(
        invariant="numbers_of_documents_have_no_gap",
        how="a number was counted and not given",
        statements=("UPDATE payments_documentseries SET last = 2 WHERE series LIKE 'C-%%'",),
        row={"last": 2, "documents": 1},
    ),
    Plant(
        invariant="numbers_of_documents_have_no_gap",
        how="all of a series were deleted",
        statements=(
            "ALTER TABLE payments_document DISABLE TRIGGER document_stays_as_written",
            "DELETE FROM payments_document WHERE kind = 'credit_note'",
        ),
        row={"last": 1, "documents": 0},
    ),
    Plant(
        invariant="every_movement_has_its_document",
        how="nobody has numbered it for eleven minutes",
        statements=(
            "INSERT INTO payments_ledgerentry (payment_id, operation_id, what, from_account, "
            "to_account, amount_minor, currency, actor, at) SELECT id, id, 'Refunded', 'provider', "
            "'customer', 7, 'EUR', 'test', now() - interval '11 min' FROM payments_payment "
            "WHERE order_id = %(confirmed)s",
        ),
        row={"what": "Refunded", "amount_minor": 7},
    ),
    Plant(
        invariant="a_document_says_what_its_movement_says",
        how="its amount was changed",
        statements=(
            "ALTER TABLE payments_document DISABLE TRIGGER document_stays_as_written",
            "UPDATE payments_document SET amount_minor = 1 WHERE kind = 'credit_note'",
        ),
        row={"amount_minor": 1, "moved_minor": 2480},
    ),
    Plant(
        invariant="an_event_is_told_once_per_channel",
        how="two messages of one event",
        statements=(
            without("one_message_per_event_and_channel"),
            _MESSAGE + "(1, -7, 'action_needed', 'sent'), (2, -7, 'something_new', 'sent')) "
            "AS v (n, event_id, kind, status)",
        ),
        row={"event_id": -7, "channel": "email", "messages": 2},
    ),
    Plant(
        invariant="an_order_is_told_of_once_per_kind",
        how="two of a kind",
        statements=(
            _MESSAGE + "(1, -7, 'something_new', 'sent'), (2, -8, 'something_new', 'sent')) "
            "AS v (n, event_id, kind, status)",
        ),
        row={"order_id": "=confirmed", "kind": "something_new", "messages": 2},
    ),
    Plant(
        invariant="no_message_is_due",
        how="one was not sent",
        statements=(
            _MESSAGE + "(1, -7, 'something_new', 'queued')) AS v (n, event_id, kind, status)",
        ),
        row={"order_id": "=confirmed", "status": "queued"},
    ),
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
        invariant="no_payment_operation_is_overdue",
        how="nobody makes the call",
        statements=(
            "UPDATE payments_paymentoperation SET next_at = now() - interval '11 min' "
            f"WHERE {_OF_WAITING}",
        ),
        row={"kind": "authorize", "gate": "sandbox", "state": "waiting"},
    ),
    Plant(
        invariant="nothing_waits_for_delivery",
        how="an event was just published",
        statements=(_DELIVERY + "('orders.saga', 0, 1, now(), %(confirmed)s)",),
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
        statements=(f"UPDATE payments_paymentoperation SET next_at = now() WHERE {_OF_WAITING}",),
        row={"order_id": "=waiting", "status": "payment_pending"},
    ),
    Plant(
        invariant="no_payment_operation_is_under_way",
        how="a call is being made",
        statements=(
            f"UPDATE payments_paymentoperation SET state = 'in_flight' WHERE {_OF_WAITING}",
        ),
        row={"kind": "authorize", "state": "in_flight", "payment": "requires_action"},
    ),
    Plant(
        invariant="no_payment_operation_is_under_way",
        how="it serves an order that has ended",
        statements=(
            "UPDATE payments_paymentoperation SET state = 'pending', next_at = now() + '1 hour' "
            f"WHERE kind = 'capture' AND {_OF_CONFIRMED}",
        ),
        row={"kind": "capture", "state": "pending", "payment": "captured"},
    ),
)
