"""Invariants of receipts and credit notes: numbers without a gap, and one for every movement."""

from config.invariants.checking import Invariant

_PASS = "See that a maintenance worker runs, then `manage.py number_documents`."

DOCUMENT_INVARIANTS = (
    Invariant(
        name="numbers_of_documents_have_no_gap",
        means="The numbers of a series are not 1, 2, 3 … up to what its counter says.",
        remedy="Somebody changed the tables by hand: find out who, and note what is missing for the auditor.",
        sql="""
            SELECT coalesce(s.series, d.series) AS series, s.last, coalesce(d.documents, 0) AS documents,
                   d.first, d.highest
            FROM payments_documentseries s
            FULL JOIN (SELECT series, count(*) AS documents, min(nth) AS first, max(nth) AS highest
                       FROM payments_document GROUP BY series) d ON d.series = s.series
            WHERE s.last IS DISTINCT FROM d.documents OR s.last IS DISTINCT FROM d.highest
               OR d.first IS DISTINCT FROM 1
            ORDER BY 1""",
    ),
    Invariant(
        name="every_movement_has_its_document",
        means="Money was charged or went back a while ago, and has no receipt or credit note.",
        remedy=_PASS,
        sql="""
            SELECT l.id AS entry_id, l.payment_id, l.what, l.amount_minor, l.currency, l.at
            FROM payments_ledgerentry l
            WHERE l.operation_id IS NOT NULL
              AND (l.from_account, l.to_account) IN (
                  ('authorised', 'provider'), ('provider', 'authorised'),
                  ('provider', 'customer'), ('customer', 'provider'))
              AND l.at >= %(since)s AND l.at < now() - %(stuck_seconds)s * interval '1 s'
              AND NOT EXISTS (SELECT 1 FROM payments_document d WHERE d.entry_id = l.id)
            ORDER BY l.id""",
    ),
    Invariant(
        name="a_document_says_what_its_movement_says",
        means="A receipt or credit note is about another amount or payment than its entry of the ledger.",
        remedy="Somebody changed the tables by hand: find out who, and correct it by a new document.",
        sql="""
            SELECT d.series, d.nth, d.payment_id, d.amount_minor, l.amount_minor AS moved_minor
            FROM payments_document d JOIN payments_ledgerentry l ON l.id = d.entry_id
            WHERE d.moved_at >= %(since)s
              AND (d.amount_minor, d.currency, d.payment_id, d.moved_at)
                  IS DISTINCT FROM (l.amount_minor, l.currency, l.payment_id, l.at)
            ORDER BY d.series, d.nth""",
    ),
)
