"""Find the payments of which a provider has not reported all that is in the ledger."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import Q

from apps.kernel.identifiers import PaymentId, id_at
from apps.payments.domain.operations import BY_HAND
from apps.payments.models import Dispute
from apps.payments.services.compare_settlements import Patience

PAGE = 500
LONGEST_CALL = timedelta(days=60)
"""How long before it succeeds a call may be asked for. What counts is when it did."""

# The keys of operations carry the time they were made at, so this reads no more than may be of the period.
_UNREPORTED = """
SELECT o.id, o.payment_id FROM payments_paymentoperation o
WHERE o.id > %(after)s AND o.id < %(before_id)s
  AND o.provider = %(provider)s AND o.kind IN ('capture', 'refund') AND o.state = 'succeeded'
  AND o.updated_at >= %(since)s AND o.updated_at < %(before)s
  AND o.amount_minor > 0 AND o.reference <> %(by_hand)s
  AND NOT EXISTS (
      SELECT 1 FROM payments_settlementlinerecord l
      WHERE l.payment_id = o.payment_id AND l.reference IN (o.reference, '')
        AND l.kind = CASE o.kind WHEN 'capture' THEN 'charge' ELSE 'refund' END)
ORDER BY o.id LIMIT %(page)s
"""


def list_unreported(*, provider: str, patience: Patience) -> Iterator[PaymentId]:
    """Give payments with a movement in the given time that no line names, and all with a dispute then.

    Page by page, so that what is found may be written down meanwhile.
    """
    yield from Dispute.objects.filter(
        Q(opened_at__gte=patience.since, opened_at__lt=patience.before)
        | Q(decided_at__gte=patience.since, decided_at__lt=patience.before),
        provider=provider,
    ).values_list("payment_id", flat=True)
    after = id_at(patience.since - LONGEST_CALL)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _UNREPORTED,
                {
                    "after": after,
                    "before_id": id_at(patience.before),
                    "since": patience.since,
                    "before": patience.before,
                    "provider": provider,
                    "by_hand": BY_HAND,
                    "page": PAGE,
                },
            )
            rows = cursor.fetchall()
        yield from (payment_id for _, payment_id in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]
