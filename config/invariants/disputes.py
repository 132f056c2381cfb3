"""Invariants of disputes: what banks took back is the same in their rows, the payments and the ledger.

A dispute in another currency than the charge's moves nothing in the ledger, since nobody says how much
of the charge it is; while it is open, and once it is lost, it withholds all of the payment.
"""

from config.invariants.checking import Invariant

_SUMS = """
    SELECT x.payment_id,
           sum(x.amount_minor) FILTER (WHERE x.state = 'opened' AND s.is_same) AS opened,
           sum(x.amount_minor) FILTER (WHERE x.state = 'lost' AND s.is_same) AS lost,
           sum(p.amount_minor) FILTER (WHERE x.state <> 'won' AND NOT s.is_same) AS withheld
    FROM payments_dispute x JOIN payments_payment p ON p.id = x.payment_id
    CROSS JOIN LATERAL (SELECT x.currency IN ('', p.currency) AS is_same) s
    WHERE x.payment_id >= %(since_id)s
    GROUP BY x.payment_id"""

DISPUTE_INVARIANTS = (
    Invariant(
        name="a_reversal_stands_for_no_dispute",
        means="A bank took a charge back, and that is open beside a dispute that would have told of it.",
        remedy="Nothing more may go back of it; see in the provider's books what the dispute is about.",
        # A dispute tells of reversals as far as its amount goes, and keeps how much of each in `taken`.
        sql="""
            SELECT r.payment_id, r.reference AS reversal, r.amount_minor, x.reference AS dispute,
                   x.state, x.amount_minor AS disputed_minor, t.taken_minor
            FROM payments_dispute r JOIN payments_dispute x ON x.payment_id = r.payment_id
            JOIN payments_payment p ON p.id = r.payment_id
            CROSS JOIN LATERAL (SELECT coalesce(sum(value::bigint), 0) AS taken_minor
                                FROM jsonb_each_text(x.taken)) t
            WHERE r.payment_id >= %(since_id)s AND r.is_reversal AND r.state = 'opened'
              AND NOT x.is_reversal AND t.taken_minor < x.amount_minor
              AND (x.state = 'opened' OR x.state = 'lost' AND r.opened_at > x.decided_at)
              AND coalesce(nullif(r.currency, ''), p.currency)
                  = coalesce(nullif(x.currency, ''), p.currency)
            ORDER BY r.id""",
    ),
    Invariant(
        name="a_dispute_tells_of_no_more_than_it_is_about",
        means="Reversals are counted as part of a dispute that is about less than that.",
        remedy="Nothing more may go back of the payment; see in the provider's books what banks took.",
        sql="""
            SELECT x.payment_id, x.reference AS dispute, x.amount_minor, t.taken_minor
            FROM payments_dispute x
            CROSS JOIN LATERAL (SELECT coalesce(sum(value::bigint), 0) AS taken_minor
                                FROM jsonb_each_text(x.taken)) t
            WHERE x.payment_id >= %(since_id)s AND t.taken_minor > x.amount_minor
            ORDER BY x.id""",
    ),
    Invariant(
        name="a_reversal_is_of_no_more_than_is_left",
        means="An open reversal withholds what refunds have given back, or other disputes hold.",
        remedy="See in the provider's books what the bank took; end it by hand with what is true.",
        sql=f"""
            SELECT p.id AS payment_id, p.order_number, p.captured_minor, p.refunded_minor,
                   coalesce(d.opened, 0) AS opened, coalesce(d.lost, 0) AS lost
            FROM payments_payment p JOIN ({_SUMS}) d ON d.payment_id = p.id
            WHERE p.refunded_minor + coalesce(d.opened, 0) + coalesce(d.lost, 0) > p.captured_minor
              AND EXISTS (SELECT FROM payments_dispute r
                          WHERE r.payment_id = p.id AND r.is_reversal AND r.state = 'opened'
                            AND r.currency IN ('', p.currency))
            ORDER BY p.id""",
    ),
    Invariant(
        name="the_ledger_agrees_with_disputes",
        means="The ledger says that banks hold, or have taken back, another sum than the disputes of a payment.",
        remedy="Compare with the payment's disputes; correct by an entry, never by changing one.",
        # Whatever no call and no fee explains has to be a dispute's.
        sql=f"""
            SELECT coalesce(l.payment_id, d.payment_id) AS payment_id,
                   coalesce(l.disputed, 0) AS disputed, coalesce(d.opened, 0) AS disputed_by_disputes,
                   coalesce(l.lost, 0) AS lost, coalesce(d.lost, 0) AS lost_by_disputes,
                   coalesce(l.taken, 0) AS taken_from_provider
            FROM (
                SELECT payment_id,
                       sum(CASE WHEN to_account = 'disputed' THEN amount_minor
                                WHEN from_account = 'disputed' THEN -amount_minor
                                ELSE 0 END) AS disputed,
                       coalesce(sum(CASE WHEN to_account = 'customer' THEN amount_minor
                                         WHEN from_account = 'customer' THEN -amount_minor
                                         ELSE 0 END) FILTER (WHERE operation_id IS NULL), 0) AS lost,
                       coalesce(sum(CASE WHEN from_account = 'provider' THEN amount_minor
                                         WHEN to_account = 'provider' THEN -amount_minor
                                         ELSE 0 END) FILTER (WHERE operation_id IS NULL), 0) AS taken
                FROM payments_ledgerentry
                WHERE payment_id >= %(since_id)s AND settlement_line_id IS NULL
                  AND (operation_id IS NULL OR 'disputed' IN (from_account, to_account))
                GROUP BY payment_id) l
            FULL JOIN ({_SUMS}) d ON d.payment_id = l.payment_id
            WHERE coalesce(l.disputed, 0) <> coalesce(d.opened, 0)
               OR coalesce(l.lost, 0) <> coalesce(d.lost, 0)
               OR coalesce(l.taken, 0) <> coalesce(d.opened, 0) + coalesce(d.lost, 0)
            ORDER BY 1""",
    ),
    Invariant(
        name="a_payment_agrees_with_its_disputes",
        means="A payment withholds, or counts as lost, another sum than its disputes say.",
        remedy="Nothing more may go back of it before its disputes were compared with the provider's books.",
        sql=f"""
            SELECT p.id AS payment_id, p.order_number, p.status, p.disputed_minor,
                   coalesce(d.opened, 0) + coalesce(d.withheld, 0) AS disputed_by_disputes,
                   p.lost_minor, coalesce(d.lost, 0) AS lost_by_disputes
            FROM payments_payment p LEFT JOIN ({_SUMS}) d ON d.payment_id = p.id
            WHERE p.id >= %(since_id)s
              AND (p.disputed_minor <> coalesce(d.opened, 0) + coalesce(d.withheld, 0)
                   OR p.lost_minor <> coalesce(d.lost, 0))
            ORDER BY p.id""",
    ),
)
