"""Payments that a card holder's bank charges back, and what is decided about that."""

import time

from msgspec.structs import replace

from infra.simulators.adyen.books import Books, new_reference
from infra.simulators.adyen.notices import news_of
from infra.simulators.adyen.objects import LOST, OPEN, WON, Dispute, Notice, Payment

OPENED_BY = ("NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK")
DECIDED_BY = {
    WON: ("CHARGEBACK_REVERSED",),
    LOST: ("CHARGEBACK_REVERSED", "SECOND_CHARGEBACK"),
}
"""What tells of it, by how the shop would say it. A bank that insists takes the money a second time."""


def opened(books: Books, payment: Payment, *, reason: str) -> tuple[Dispute, list[Notice]]:
    """Have the bank take back all that was captured.

    Raises:
        ValueError: nothing was captured, or it is disputed already.
    """
    if not payment.captured or any(books.disputes_of(payment.id)):
        raise ValueError("there is no charge to dispute")
    dispute = Dispute(
        id=new_reference(),
        created=int(time.time()),
        payment=payment.id,
        amount=payment.captured,
        reason=reason,
    )
    return dispute, _record(books, dispute, OPENED_BY)


def decided(books: Books, dispute: Dispute, status: str) -> tuple[Dispute, list[Notice]]:
    """Have it decided, `won` or `lost` for the shop.

    Raises:
        ValueError: it is decided, or cannot be decided so.
    """
    if dispute.status != OPEN or status not in DECIDED_BY:
        raise ValueError("there is nothing to decide in this way")
    dispute = replace(dispute, status=status, decided=int(time.time()))
    return dispute, _record(books, dispute, DECIDED_BY[status])


def stands_against(books: Books, payment_id: str) -> bool:
    """Whether a bank has the money of a payment, for now or for good."""
    return any(one.status != WON for one in books.disputes_of(payment_id))


def _record(books: Books, dispute: Dispute, events: tuple[str, ...]) -> list[Notice]:
    payment = books.payments[dispute.payment]
    notices = [
        replace(
            news_of(payment, event, psp_reference=dispute.id, reason=dispute.reason),
            value=dispute.amount,
        )
        for event in events
    ]
    books.record(dispute, notices=notices)
    return notices
