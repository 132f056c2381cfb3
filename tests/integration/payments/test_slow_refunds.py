"""A refund that is pending at Stripe, from the order to its webhook: real calls over HTTP."""

import pytest
from django.utils import timezone

from apps.notifications.models import Message
from apps.orders.models import CreditNote, Order, OrderRefund
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import LedgerEntry, PaymentOperation
from apps.payments.services.number_documents import number_all_documents
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.stripe_messages import hear
from tests.integration.shop import call_off, payment_of, place, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def paid(token: str) -> Order:
    """Give an order of 19.90 and 4.90 shipping that is paid."""
    order = place(provider="stripe", token=token)
    work_off()
    assert payment_of(order).status == "captured"
    return order


def ask_for(order: Order, amount: int) -> None:
    refund_order(
        order_id=order.id,
        wish=RefundWish(amount_minor=amount),
        reason="dented",
        cause=make_cause(),
        now=timezone.now(),
    )
    work_off()


def told(order: Order) -> dict[str, int]:
    """Count what speaks of money that has gone back: ledger, credit notes, mail."""
    number_all_documents()
    settled(order)
    return {
        "ledger": LedgerEntry.objects.filter(what="Refunded").count(),
        "credit notes": CreditNote.objects.count(),
        "mail": Message.objects.filter(kind="payment_refunded").count(),
    }


def refund_of(order: Order) -> PaymentOperation:
    return PaymentOperation.objects.get(payment__order_id=order.id, kind="refund")


NOTHING = {"ledger": 0, "credit notes": 0, "mail": 0}
ONCE = {"ledger": 1, "credit notes": 1, "mail": 1}


class TestAPendingRefund:
    def test_counts_once_stripe_tells_that_it_was_made(self, stripe: SimulatedStripe) -> None:
        order = paid("pm_card_pendingRefund")
        ask_for(order, 500)
        assert refund_of(order).state == "waiting"
        assert (payment_of(order).status, payment_of(order).refunded_minor) == ("captured", 0)
        assert OrderRefund.objects.get().status == "requested"
        assert told(order) == NOTHING

        hear(stripe, "refund.updated")

        assert refund_of(order).state == "succeeded"
        assert payment_of(order).status == "partially_refunded"
        assert payment_of(order).refunded_minor == 500
        assert OrderRefund.objects.get().status == "done"
        assert told(order) == ONCE

    def test_is_counted_once_however_often_it_is_told(self, stripe: SimulatedStripe) -> None:
        order = paid("pm_card_pendingRefund")
        ask_for(order, 500)
        assert told(order) == NOTHING
        for kind in ("charge.refund.updated", "refund.updated", "refund.created"):
            hear(stripe, kind)
        assert payment_of(order).refunded_minor == 500
        assert told(order) == ONCE

    def test_that_fails_was_never_told_as_made(self, stripe: SimulatedStripe) -> None:
        order = paid("pm_card_pendingRefundFail")
        ask_for(order, 500)
        hear(stripe, "refund.failed")
        assert refund_of(order).state == "declined"
        assert refund_of(order).error_code == "lost_or_stolen_card"
        payment = payment_of(order)
        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert payment.undo_at is not None
        assert OrderRefund.objects.get().status == "failing"
        assert told(order) == NOTHING

    def test_keeps_a_cancellation_open_until_it_is_made(self, stripe: SimulatedStripe) -> None:
        order = paid("pm_card_pendingRefund")
        call_off(order)
        assert settled(order).status == "cancellation_pending"
        hear(stripe, "refund.updated")
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert payment_of(order).refunded_minor == payment_of(order).captured_minor
