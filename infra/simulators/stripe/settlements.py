"""The simulated Stripe's balance transactions, made from its intents, refunds and disputes."""

from collections.abc import Collection, Iterator

from infra.simulators.settlements import Booking, Falsifier, fee_of
from infra.simulators.stripe import disputes
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.objects import Dispute, Intent, Refund
from infra.simulators.stripe.rendering import Json, Rendering

TWO_DAYS = 2 * 24 * 3600
SOURCE = "source"
# Type, reporting category, and whether money comes to us or goes.
_KINDS = {
    "charge": ("charge", "charge", 1),
    "charge_undone": ("payment_failure_refund", "charge_failure", -1),
    "refund": ("refund", "refund", -1),
    "refund_undone": ("refund_failure", "refund_failure", 1),
    "dispute": ("adjustment", "dispute", -1),
    "dispute_won": ("adjustment", "dispute_reversal", 1),
    "fee": ("stripe_fee", "fee", -1),
    "payout": ("payout", "payout", -1),
}


class Settlements:
    """Gives balance transactions, the newest first."""

    def __init__(self, books: Books, rendering: Rendering, falsifier: Falsifier) -> None:
        """Make them from these books."""
        self._books = books
        self._rendering = rendering
        self._falsifier = falsifier

    def newest(self) -> list[Booking]:
        """Give all movements, the newest first."""
        found = self._falsifier.falsified(self._true())
        return sorted(found, key=lambda one: (-one.created, one.id))

    def render(self, one: Booking, expand: Collection[str]) -> Json:
        """Write a balance transaction; `expand` has what it is about written whole."""
        kind, category, sign = _KINDS[one.kind]
        amount = sign * one.amount
        return {
            "id": one.id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": one.created + TWO_DAYS,
            "balance_type": "payments",
            "created": one.created,
            "currency": one.currency,
            "description": None,
            "exchange_rate": None,
            "fee": one.fee,
            "fee_details": [
                {
                    "amount": one.fee,
                    "application": None,
                    "currency": one.currency,
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ]
            if one.fee
            else [],
            "net": amount - one.fee,
            "reporting_category": category,
            "source": self._source(one) if SOURCE in expand else one.reference or None,
            "status": "pending",
            "type": kind,
        }

    def _true(self) -> Iterator[Booking]:
        for intent in self._books.intents.values():
            charge = intent.charge
            if charge is not None and charge.captured and charge.amount_captured:
                yield _booking(
                    intent,
                    kind="charge",
                    reference=charge.id,
                    amount=charge.amount_captured,
                    created=charge.created,
                    fee=fee_of(charge.amount_captured),
                )
        for refund in self._books.refunds.values():
            intent = self._books.intents[refund.payment_intent]
            yield _of_refund(refund, intent, kind="refund")
            if refund.status == "failed":
                yield _of_refund(refund, intent, kind="refund_undone")
        for dispute in self._books.disputes.values():
            if dispute.status not in (*disputes.HELD, *disputes.DECIDED):
                continue
            intent = self._books.intents[dispute.payment_intent]
            yield _of_dispute(dispute, intent, kind="dispute", created=dispute.created)
            if dispute.status == disputes.WON:
                yield _of_dispute(dispute, intent, kind="dispute_won", created=dispute.decided)

    def _source(self, one: Booking) -> Json | str | None:
        """Write what it is about; of what is made up, only the name."""
        if one.reference in self._books.refunds:
            return self._rendering.refund(self._books.refunds[one.reference])
        if one.reference in self._books.disputes:
            return self._rendering.dispute(self._books.disputes[one.reference])
        intent = self._books.intents.get(self._books.charges.get(one.reference, ""))
        if intent is not None and intent.charge is not None and one.kind == "charge":
            return self._rendering.charge(intent, intent.charge)
        return one.reference or None


def _of_refund(refund: Refund, intent: Intent, *, kind: str) -> Booking:
    return _booking(
        intent, kind=kind, reference=refund.id, amount=refund.amount, created=refund.created
    )


def _of_dispute(dispute: Dispute, intent: Intent, *, kind: str, created: int) -> Booking:
    return _booking(intent, kind=kind, reference=dispute.id, amount=dispute.amount, created=created)


def _booking(
    intent: Intent, *, kind: str, reference: str, amount: int, created: int, fee: int = 0
) -> Booking:
    return Booking(
        kind=kind,
        reference=reference,
        amount=amount,
        currency=intent.currency,
        created=created,
        payment=intent.id,
        payment_id=intent.metadata.get("payment_id", ""),
        fee=fee,
    )
