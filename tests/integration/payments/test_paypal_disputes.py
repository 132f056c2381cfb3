"""Disputes at PayPal, from its webhook to our ledger and the order: real calls over HTTP, real signatures."""

import pytest
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import Dispute, LedgerEntry, PaymentOperation
from apps.payments.services.decide_dispute import decide_dispute
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.paypal_messages import hear, ordered
from tests.integration.shop import call_off, payment_of, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(paypal: SimulatedPayPal) -> Order:
    """An order that is paid, and whose charge is disputed."""
    order = ordered("vault-ok")
    assert payment_of(order).status == "captured"
    charge = PaymentOperation.objects.get(kind="capture").reference
    paypal.let("dispute", capture=charge, reason="UNAUTHORISED")
    hear(paypal, "CUSTOMER.DISPUTE.CREATED")
    return order


def decide(paypal: SimulatedPayPal, status: str) -> None:
    """Have PayPal decide, and hear of it."""
    paypal.let("dispute", dispute=Dispute.objects.get().reference, status=status)
    hear(paypal, "CUSTOMER.DISPUTE.RESOLVED")


def moved() -> list[tuple[str, str]]:
    rows = LedgerEntry.objects.filter(what__startswith="Dispute").order_by("id")
    return list(rows.values_list("from_account", "to_account"))


class TestADispute:
    def test_is_opened(self, order: Order) -> None:
        payment, found = payment_of(order), Dispute.objects.get()
        assert (found.state, found.reason, found.payment_id) == (
            "opened",
            "unauthorised",
            payment.id,
        )
        assert (found.amount_minor, found.currency) == (payment.captured_minor, "EUR")
        assert payment.disputed_minor == payment.captured_minor
        assert moved() == [("provider", "disputed")]

    @pytest.mark.parametrize(("status", "to"), [("won", "provider"), ("lost", "customer")])
    def test_is_decided(self, paypal: SimulatedPayPal, order: Order, status: str, to: str) -> None:
        decide(paypal, status)
        payment = payment_of(order)
        assert Dispute.objects.get().state == status
        assert moved() == [("provider", "disputed"), ("disputed", to)]
        assert payment.history.latest("position").what == f"Dispute {status} (unauthorised)"
        assert (payment.status, payment.disputed_minor) == ("captured", 0)
        closed = StoredEvent.objects.get(type="payments.payment_dispute_closed").payload
        assert closed["is_won"] is (status == "won")

    def test_that_is_won_gives_a_cancelled_order_its_money_back(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        call_off(order)
        work_off()
        assert settled(order).status == "cancellation_pending"
        decide(paypal, "won")
        assert settled(order).status == "cancelled"
        payment = payment_of(order)
        assert paypal.payment(payment.id)["refunded"] == payment.captured_minor

    def test_that_is_lost_ends_a_cancellation_without_a_refund(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        call_off(order)
        work_off()
        decide(paypal, "lost")
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "charged_back")
        assert paypal.payment(payment_of(order).id)["refunded"] == 0

    def test_that_a_person_called_lost_stays_so_when_paypal_says_won(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        dispute, now = Dispute.objects.get(), timezone.now()
        assert decide_dispute(dispute_id=dispute.id, is_won=False, cause=make_cause(), now=now)
        decide(paypal, "won")
        assert Dispute.objects.get().state == "lost"
        what = payment_of(order).history.latest("position").what
        assert what == f"The provider says that dispute {dispute.reference} was won"
