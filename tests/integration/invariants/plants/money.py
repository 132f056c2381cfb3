"""Ways to break the invariants of payments."""

from tests.integration.invariants.plants.planting import OF_CONFIRMED, Plant, copy, without

_FEE_LINE = """
    INSERT INTO payments_settlementlinerecord (
        provider, line_id, kind, reference, payment_reference, gross_minor, currency, fee_minor,
        fee_currency, booked_at, stored_at)
    VALUES ('stripe', 'txn_1', 'fee', '', '', 0, 'EUR', 7, 'EUR', now(), now())"""

MONEY_PLANTS = (
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
            f"kind = 'authorize' AND {OF_CONFIRMED}",
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
            f"WHERE kind = 'capture' AND {OF_CONFIRMED}",
        ),
        row={"captured_minor": 6460, "captured": 6459},
    ),
    Plant(
        invariant="a_payment_agrees_with_its_operations",
        how="a failed payment was authorised",
        statements=(
            "ALTER TABLE payments_paymentoperation DISABLE TRIGGER payment_operation_stays",
            "UPDATE payments_payment SET status = 'failed', captured_minor = 0 "
            "WHERE order_id = %(confirmed)s",
            f"DELETE FROM payments_paymentoperation WHERE kind = 'capture' AND {OF_CONFIRMED}",
        ),
        row={"status": "failed", "authorised": True, "voided": False},
    ),
    Plant(
        invariant="a_payment_agrees_with_its_operations",
        how="a voided payment was never voided",
        statements=(
            "UPDATE payments_payment SET status = 'voided', captured_minor = 0 "
            "WHERE order_id = %(confirmed)s",
            "UPDATE payments_paymentoperation SET state = 'declined' "
            f"WHERE kind = 'capture' AND {OF_CONFIRMED}",
        ),
        row={"status": "voided", "voided": False, "undone": False},
    ),
)
