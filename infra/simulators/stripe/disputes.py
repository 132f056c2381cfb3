"""Charges that a card holder's bank takes back, and what is decided about that."""

import time

from msgspec.structs import replace

from infra.simulators.stripe.books import Books, new_name
from infra.simulators.stripe.objects import Dispute, Intent

HELD = ("needs_response", "under_review")
"""The states in which the bank has the money, and has not decided; an inquiry takes none yet."""
LOST, WON = "lost", "won"
OPEN, DECIDED = (*HELD, "warning_needs_response"), (LOST, WON)


def opened(intent: Intent, *, reason: str, status: str) -> tuple[Dispute, Intent]:
    """Have the bank dispute all of a charge; gives the intent as it stands after it.

    Raises:
        ValueError: nothing is charged, or that is no state of an open dispute.
    """
    charge = intent.charge
    if charge is None or not charge.captured or status not in OPEN:
        raise ValueError("there is no charge to dispute in this way")
    dispute = Dispute(
        id=new_name("du"),
        created=int(time.time()),
        amount=charge.amount_captured,
        currency=intent.currency,
        payment_intent=intent.id,
        charge=charge.id,
        payment_method=charge.payment_method,
        reason=reason,
        status=status,
    )
    return dispute, replace(intent, charge=replace(charge, disputed=True))


def stands_against(books: Books, charge_id: str) -> bool:
    """Whether a bank has the money of a charge, for now or for good."""
    return any(
        one.charge == charge_id and one.status in (*HELD, LOST) for one in books.disputes.values()
    )


def decided(dispute: Dispute, status: str) -> Dispute:
    """Have the bank decide.

    Raises:
        ValueError: it has decided, or cannot decide so.
    """
    if dispute.status not in OPEN or status not in DECIDED:
        raise ValueError("there is nothing to decide in this way")
    return replace(dispute, status=status, decided=int(time.time()))
