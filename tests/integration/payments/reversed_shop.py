"""An order whose charge a bank takes back: what PayPal says of it, and what is kept of it here."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.orders.models import Order
from apps.payments.domain.identifiers import DisputeId
from apps.payments.models import Dispute, LedgerEntry, Payment, ProviderMessageRecord
from apps.payments.services.decide_dispute import decide_dispute
from apps.payments.services.handle_messages import handle_messages
from tests.conftest import make_cause
from tests.integration.payments.disputed_shop import broken
from tests.integration.shop import payment_of, work_off

REVERSED = "PAYMENT.CAPTURE.REVERSED"
REVERSAL = {"state": "opened", "reason": "reversed by the payer's bank", "is_reversal": True}


def hear(order: Order, **news: Any) -> None:
    """Do what follows from a message of PayPal's that was read already."""
    payment, now = payment_of(order), timezone.now()
    ProviderMessageRecord.objects.create(
        provider="paypal",
        event_id=f"WH-{ProviderMessageRecord.objects.count()}",
        kind="x",
        reference=payment.authorization,
        payment_id=payment.id,
        dispute={"currency": "EUR", **news},
        received_at=now,
        next_at=now,
    )
    handle_messages(now=now)
    work_off()


def taken(
    order: Order, amount_minor: int, reference: str = "REV-1", at: datetime | None = None
) -> None:
    """Hear that the bank took something back, now unless it says when."""
    when = (at or timezone.now()).isoformat()
    hear(order, reference=reference, amount_minor=amount_minor, happened_at=when, **REVERSAL)


def disputed(order: Order, amount_minor: int, state: str = "opened", name: str = "PP-D-1") -> None:
    hear(order, reference=name, amount_minor=amount_minor, state=state, reason="unauthorised")


def decide(*, is_won: bool) -> None:
    """Have finance say how the only open one ended."""
    found = Dispute.objects.get(state="opened")
    decide_dispute(
        dispute_id=DisputeId(found.id), is_won=is_won, cause=make_cause(), now=timezone.now()
    )
    work_off()


def rows() -> list[tuple[str, str, int]]:
    """Give the disputes and reversals that there are, the oldest first."""
    found = Dispute.objects.order_by("opened_at", "reference")
    return list(found.values_list("reference", "state", "amount_minor"))


def sums(order: Order) -> tuple[int, int]:
    """Give what is withheld and what is lost, and have the ledger and the invariants say the same."""
    payment = payment_of(order)
    found = Counter[str]()
    for entry in LedgerEntry.objects.all():
        found[entry.from_account] -= entry.amount_minor
        found[entry.to_account] += entry.amount_minor
    with_us = payment.captured_minor - payment.disputed_minor - payment.lost_minor
    assert found["disputed"] == payment.disputed_minor
    assert found["provider"] == with_us - payment.refunded_minor
    assert broken() == []
    return payment.disputed_minor, payment.lost_minor


def refundable(payment: Payment) -> int:
    return payment.captured_minor - payment.gone_minor
