"""Ways to break the invariants of receipts and credit notes."""

from tests.integration.invariants.plants.planting import Plant

DOCUMENT_PLANTS = (
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
)
