"""Invariants of payments: amounts, and the operations that explain them."""

from config.invariants.checking import Invariant

_COMPARE = (
    "Compare with the provider's books under the payment's reference, and set it right there."
)

MONEY_INVARIANTS = (
    Invariant(
        name="no_more_is_captured_than_authorised",
        means="More was charged than authorised, or more given back than was charged.",
        remedy=_COMPARE,
        sql="""
            SELECT id AS payment_id, order_number, status, amount_minor, captured_minor,
                   refunded_minor
            FROM payments_payment
            WHERE id >= %(since_id)s
              AND (captured_minor > amount_minor OR refunded_minor > captured_minor
                   OR captured_minor < 0 OR refunded_minor < 0)
            ORDER BY id""",
    ),
    Invariant(
        name="the_ledger_agrees_with_payments",
        means="The entries of a payment add up to other sums than the payment says.",
        remedy="Compare with the payment's operations; correct by an entry, never by changing one.",
        sql="""
            SELECT p.id AS payment_id, p.order_number, p.status,
                   coalesce(l.authorised, 0) AS authorised, coalesce(l.charged, 0) AS charged,
                   p.captured_minor - p.refunded_minor AS charged_by_payment
            FROM payments_payment p
            LEFT JOIN (
                SELECT payment_id,
                       sum(CASE WHEN to_account = 'authorised' THEN amount_minor
                                WHEN from_account = 'authorised' THEN -amount_minor
                                ELSE 0 END) AS authorised,
                       sum(CASE WHEN from_account = 'authorised' AND to_account = 'provider'
                                  OR from_account = 'customer' AND to_account = 'provider'
                                THEN amount_minor
                                WHEN from_account = 'provider' AND to_account IN ('customer', 'authorised')
                                THEN -amount_minor
                                ELSE 0 END) AS charged
                FROM payments_ledgerentry WHERE operation_id IS NOT NULL
                GROUP BY payment_id) l ON l.payment_id = p.id
            WHERE p.id >= %(since_id)s
              AND (coalesce(l.charged, 0) <> p.captured_minor - p.refunded_minor
                   OR coalesce(l.authorised, 0)
                      <> CASE WHEN p.status = 'authorized' THEN p.amount_minor ELSE 0 END)
            ORDER BY p.id""",
    ),
    Invariant(
        name="fees_agree_with_settlement_lines",
        means="The fees in the ledger are not those of the lines that providers reported.",
        remedy="Compare with the provider's report; correct by an entry, never by changing one.",
        sql="""
            SELECT l.provider, l.line_id, l.fee_minor, l.fee_currency, e.amount_minor AS booked,
                   e.currency AS booked_currency
            FROM (SELECT * FROM payments_settlementlinerecord
                  WHERE fee_minor <> 0 AND stored_at >= %(since)s) l
            FULL JOIN (SELECT * FROM payments_ledgerentry
                       WHERE settlement_line_id IS NOT NULL AND at >= %(since)s) e
              ON e.settlement_line_id = l.id
            WHERE l.id IS NULL OR e.id IS NULL OR e.currency <> l.fee_currency
               OR l.fee_minor <> CASE WHEN (e.from_account, e.to_account) = ('provider', 'fees')
                                      THEN e.amount_minor
                                      WHEN (e.from_account, e.to_account) = ('fees', 'provider')
                                      THEN -e.amount_minor END
               OR e.payment_id IS DISTINCT FROM l.payment_id AND e.payment_id IS NOT NULL
            ORDER BY l.id""",
    ),
    Invariant(
        name="a_payment_is_authorised_once",
        means="The customer's money is reserved twice for one order.",
        remedy="Void the second authorisation with the provider, under its own reference.",
        sql="""
            SELECT p.id AS payment_id, p.order_number, count(*) AS authorisations
            FROM payments_payment p JOIN payments_paymentoperation o ON o.payment_id = p.id
            WHERE p.id >= %(since_id)s AND o.kind = 'authorize' AND o.state = 'succeeded'
            GROUP BY p.id, p.order_number HAVING count(*) > 1
            ORDER BY p.id""",
    ),
    Invariant(
        name="a_payment_agrees_with_its_operations",
        means="What a payment says was charged and given back is not what its operations did.",
        remedy=_COMPARE,
        sql="""
            SELECT p.id AS payment_id, p.order_number, p.status, p.captured_minor, o.captured,
                   p.refunded_minor, o.refunded, o.authorised, o.voided, u.undone
            FROM payments_payment p
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'capture'), 0) AS captured,
                       coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0) AS refunded,
                       count(*) FILTER (WHERE kind = 'authorize') > 0 AS authorised,
                       count(*) FILTER (WHERE kind = 'void') > 0 AS voided
                FROM payments_paymentoperation
                WHERE payment_id = p.id AND state = 'succeeded') o
            -- What could not be voided because it was charged, by a charge that did not last.
            CROSS JOIN LATERAL (
                SELECT count(*) > 0 AS undone FROM payments_paymentoperation
                WHERE payment_id = p.id AND kind = 'capture' AND only_looks
                  AND state = 'declined') u
            WHERE p.id >= %(since_id)s
              AND (p.captured_minor <> o.captured OR p.refunded_minor <> o.refunded
                   OR NOT CASE
                       WHEN p.status IN ('pending', 'requires_action')
                           THEN NOT o.authorised AND NOT o.voided
                       WHEN p.status = 'failed' THEN NOT o.authorised
                       WHEN p.status = 'voided' THEN o.authorised AND (o.voided OR u.undone)
                       WHEN p.status = 'authorized' THEN o.authorised AND NOT o.voided
                       WHEN p.status = 'captured' THEN o.captured > 0 AND o.refunded = 0
                       WHEN p.status = 'refunded' THEN o.captured > 0 AND o.refunded = o.captured
                       ELSE o.refunded > 0 AND o.refunded < o.captured END)
            ORDER BY p.id""",
    ),
)
