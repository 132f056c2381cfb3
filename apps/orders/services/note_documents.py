"""Keep the credit notes that payments has numbered for refunds of orders."""

from collections.abc import Sequence

from apps.kernel.events.payments import RefundDocumented
from apps.orders.models import CreditNote
from apps.platform.bulk import insert_missing, lock_many, update_many

CREDIT_NOTE = "credit_note"


def note_documents(*, documents: Sequence[RefundDocumented]) -> None:
    """Store credit notes, and mark those that a receipt has cancelled; again changes nothing."""
    insert_missing(
        [
            CreditNote(
                number=one.number,
                order_id=one.order_id,
                amount_minor=one.amount_minor,
                issued_at=one.issued_at,
            )
            for one in documents
            if one.kind == CREDIT_NOTE
        ]
    )
    cancelled_by = {one.cancels: one.number for one in documents if one.cancels}
    cancelled = lock_many(CreditNote, cancelled_by, by="number")
    for note in cancelled:
        note.cancelled_by = cancelled_by[note.number]
    update_many(cancelled, fields=["cancelled_by"])
