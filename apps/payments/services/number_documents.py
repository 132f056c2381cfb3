"""Give every charge its receipt and every refund its credit note, numbered without a gap.

Off the hot path: what moves money writes the ledger alone, and a pass that comes every minute numbers
what the ledger has and no document names. Transactions that ran at the same time may show their
entries in another order than that of their ids, so what counts is the absence of a document, never
the newest id that was seen: an entry that comes to light late gets the next number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.kernel.events.payments import RefundDocumented
from apps.kernel.identifiers import OrderId, PaymentId
from apps.payments.domain.documents import PREFIXES, DocumentKind, number_of
from apps.payments.domain.identifiers import OperationId
from apps.payments.models import Document, PaymentOperation
from apps.payments.services.operations import cause_of
from apps.platform.outbox.publishing import Fact, publish

BATCH = 1000
OVERLAP = timedelta(hours=1)
"""How far before the newest document a pass looks again. No session of ours holds a transaction open for
minutes; what comes to light later still is for the longer look."""
LATEST = timedelta(days=30)
"""How far the longer look goes back. It holds up the other passes, so it must not grow with the ledger."""
LOCK = "payments.number_documents"

_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"

_FROM = "AND l.at >= %(since)s"
# Newer than the newest document, less the overlap; without any document, everything.
_SINCE = """AND l.at >= coalesce((SELECT moved_at FROM payments_document ORDER BY id DESC LIMIT 1)
                                 - %(overlap)s * interval '1 s', '-infinity')"""

# One statement: whatever it cannot write, it has not counted either. The counters' rows are locked
# until the end of the transaction, so that a rollback gives their numbers back.
_NUMBER = f"""
WITH due AS MATERIALIZED (
    SELECT l.id, l.payment_id, l.operation_id, l.amount_minor, l.currency, l.at, m.kind, m.is_refund,
           m.prefix || '-' || to_char(l.at AT TIME ZONE %(zone)s, 'YYYY') AS series,
           CASE WHEN m.takes_back THEN (
               SELECT max(c.id) FROM payments_ledgerentry c
               WHERE c.payment_id = l.payment_id AND c.operation_id = l.operation_id AND c.id < l.id
                 AND c.from_account = l.to_account AND c.to_account = l.from_account) END AS cancels
    FROM payments_ledgerentry l
    JOIN (VALUES
        ('authorised', 'provider', '{DocumentKind.RECEIPT}', '{PREFIXES[DocumentKind.RECEIPT]}', false, false),
        ('provider', 'customer', '{DocumentKind.CREDIT_NOTE}', '{PREFIXES[DocumentKind.CREDIT_NOTE]}', true, false),
        ('provider', 'authorised', '{DocumentKind.CREDIT_NOTE}', '{PREFIXES[DocumentKind.CREDIT_NOTE]}', false, true),
        ('customer', 'provider', '{DocumentKind.RECEIPT}', '{PREFIXES[DocumentKind.RECEIPT]}', true, true)
    ) AS m(from_account, to_account, kind, prefix, is_refund, takes_back)
      ON m.from_account = l.from_account AND m.to_account = l.to_account
    WHERE l.operation_id IS NOT NULL {{since}}
      AND NOT EXISTS (SELECT 1 FROM payments_document d WHERE d.entry_id = l.id)
    ORDER BY l.id LIMIT %(batch)s
), counted AS (
    INSERT INTO payments_documentseries AS s (series, last)
    SELECT series, count(*) FROM due GROUP BY series ORDER BY series
    ON CONFLICT (series) DO UPDATE SET last = s.last + excluded.last
    RETURNING series, last
), made AS (
    INSERT INTO payments_document
        (series, nth, kind, entry_id, cancels_id, payment_id, amount_minor, currency, moved_at, issued_at)
    SELECT d.series,
           c.last - count(*) OVER (PARTITION BY d.series)
                  + row_number() OVER (PARTITION BY d.series ORDER BY d.id),
           d.kind, d.id, d.cancels, d.payment_id, d.amount_minor, d.currency, d.at, now()
    FROM due d JOIN counted c USING (series)
    ORDER BY d.id
    RETURNING entry_id, series, nth, issued_at
)
SELECT due.kind, made.series, made.nth, due.amount_minor, due.currency, due.cancels, due.payment_id, p.order_id,
       due.operation_id, due.is_refund, made.issued_at
FROM made JOIN due ON due.id = made.entry_id JOIN payments_payment p ON p.id = due.payment_id
ORDER BY made.entry_id
"""


@dataclass(frozen=True, slots=True)
class _Numbered:
    kind: str
    series: str
    nth: int
    amount_minor: int
    currency: str
    cancels: int | None
    payment_id: PaymentId
    order_id: OrderId
    operation_id: OperationId
    is_refund: bool
    issued_at: datetime


def number_all_documents(*, since: datetime | None = None, of_all_times: bool = False) -> int:
    """Number what has no document, batch by batch; see `number_documents`. Returns how many there were."""
    total = 0
    while numbered := number_documents(since=since, of_all_times=of_all_times):
        total += numbered
    return total


def number_late_documents(*, now: datetime) -> int:
    """Number what came to light too late for the usual pass, of the last 30 days; returns how many."""
    return number_all_documents(since=now - LATEST)


def number_documents(
    *, since: datetime | None = None, of_all_times: bool = False, at_most: int = BATCH
) -> int:
    """Number up to so many movements that have no document, in the order of the ledger; returns how many.

    A charge gets a receipt, a refund a credit note; what did not last gets the opposite document,
    which cancels its own. Passes take turns, and doing it again numbers nothing twice. Of refunds it
    is told. It looks at what is newer than the newest document or at most an hour older; given `since`,
    at what is not older than that; `of_all_times`, at the whole ledger. The series is that of the year
    in `OMS_SHOP_TIME_ZONE`.
    """
    looked_at = _SINCE if since is None else _FROM
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [LOCK])
            cursor.execute(
                _NUMBER.format(since="" if of_all_times else looked_at),
                {
                    "zone": settings.OMS_SHOP_TIME_ZONE,
                    "since": since,
                    "overlap": OVERLAP.total_seconds(),
                    "batch": at_most,
                },
            )
            numbered = [_Numbered(*row) for row in cursor.fetchall()]
        _tell([one for one in numbered if one.is_refund])
    return len(numbered)


def _tell(refunds: Sequence[_Numbered]) -> None:
    """Publish the documents of refunds, in the name of whoever asked for those."""
    if not refunds:
        return
    operations = PaymentOperation.objects.in_bulk({one.operation_id for one in refunds})
    taken_back = {
        document.entry_id: document.number
        for document in Document.objects.filter(
            entry_id__in=[one.cancels for one in refunds if one.cancels is not None]
        )
    }
    publish(
        [
            Fact(
                event=RefundDocumented(
                    payment_id=one.payment_id,
                    order_id=one.order_id,
                    kind=one.kind,
                    number=number_of(one.series, one.nth),
                    amount_minor=one.amount_minor,
                    currency=one.currency,
                    cancels=taken_back.get(one.cancels, "") if one.cancels else "",
                    issued_at=one.issued_at,
                ),
                seq=1,
                cause=cause_of(operations[one.operation_id]),
            )
            for one in refunds
        ]
    )
