"""Orders called off while their charge is disputed: nothing is given back twice, and nothing is forgotten."""

import pytest
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.admin.panels import show_payment
from apps.payments.models import LedgerEntry, PaymentOperation
from apps.payments.services.settle_refund import settle_refund
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.disputed_shop import broken, dispute, given_back, paid
from tests.integration.shop import call_off, drain_all, payment_of, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stripe: SimulatedStripe) -> Order:
    """An order that is paid."""
    return paid()


class TestACancellation:
    def test_waits_while_the_charge_is_disputed(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        order = settled(order)
        assert (order.status, order.owes_payment) == ("cancellation_pending", True)
        payment = payment_of(order)
        assert payment.waits_for_dispute
        assert not PaymentOperation.objects.filter(kind="refund").exists()
        assert stripe.payment(payment.id)["refunded"] == 0
        assert payment.history.latest("position").what == "What is disputed waits for the decision"
        assert "waits for the decision" in show_payment(order.id).alert
        assert broken() == []

    def test_gives_the_money_back_once_the_dispute_is_won(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        work_off()
        dispute(order, "won")
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        payment = payment_of(order)
        assert (payment.status, payment.disputed_minor) == ("refunded", 0)
        assert stripe.payment(payment.id)["refunded"] == payment.captured_minor
        assert broken() == []

    def test_owes_nothing_more_once_the_dispute_is_lost(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        work_off()
        dispute(order, "lost")
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "charged_back")
        payment = payment_of(order)
        assert (payment.disputed_minor, payment.lost_minor) == (0, payment.captured_minor)
        assert given_back(order) == []
        assert broken() == []

    def test_of_what_is_lost_already_ends_at_once(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        dispute(order, "lost")
        order = settled(order)
        assert (order.status, order.payment_status) == ("confirmed", "charged_back")
        call_off(order)
        assert settled(order).status == "cancelled"
        assert given_back(order) == []

    def test_that_is_asked_for_as_the_dispute_is_lost_ends(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        dispute(order, "lost")
        assert settled(order).status == "cancelled"

    @pytest.mark.parametrize(("status", "later"), [("won", [500]), ("lost", [])])
    def test_gives_back_at_once_what_is_not_disputed(
        self, stripe: SimulatedStripe, order: Order, status: str, later: list[int]
    ) -> None:
        rest = payment_of(order).captured_minor - 500
        dispute(order, amount=500)
        call_off(order)
        order = settled(order)
        assert (order.status, order.payment_status) == (
            "cancellation_pending",
            "partially_refunded",
        )
        assert given_back(order) == [rest]
        dispute(order, status, amount=500)
        assert settled(order).status == "cancelled"
        assert given_back(order) == [rest, *later]
        assert broken() == []

    def test_lost_before_the_rest_was_given_back_ends_with_that(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order, amount=500)
        call_off(order)
        drain_all()
        dispute(order, "lost", amount=500)
        drain_all()
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "charged_back")

    def test_gives_up_a_refund_that_was_not_made_yet(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        call_off(order)
        drain_all()
        refund = PaymentOperation.objects.get(kind="refund")
        assert refund.state == "pending"
        dispute(order)
        order = settled(order)
        refund.refresh_from_db()
        assert (refund.state, refund.error_code) == ("failed", "overtaken")
        assert order.status == "cancellation_pending"
        assert stripe.payment(payment_of(order).id)["refunded"] == 0
        dispute(order, "won")
        assert settled(order).status == "cancelled"

    def test_can_be_settled_by_hand_while_it_waits(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        work_off()
        now = timezone.now()
        assert settle_refund(payment_id=payment_of(order).id, cause=make_cause(), now=now)
        assert settled(order).status == "cancelled"
        dispute(order, "won")
        work_off()
        assert stripe.payment(payment_of(order).id)["refunded"] == 0

    def test_of_a_dispute_in_another_currency_waits_for_a_person(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order, currency="usd", amount=100)
        call_off(order)
        work_off()
        dispute(order, "lost", currency="usd", amount=100)
        assert settled(order).status == "cancellation_pending"
        assert "another currency" in show_payment(order.id).alert
        now = timezone.now()
        assert settle_refund(payment_id=payment_of(order).id, cause=make_cause(), now=now)
        assert settled(order).status == "cancelled"


class TestTheLedger:
    def test_has_the_disputed_money_once(self, stripe: SimulatedStripe, order: Order) -> None:
        dispute(order)
        call_off(order)
        work_off()
        dispute(order, "lost")
        work_off()
        to_customer = LedgerEntry.objects.filter(
            to_account="customer", from_account__in=["provider", "disputed"]
        )
        (entry,) = to_customer
        assert (entry.what, entry.amount_minor) == (
            "Dispute lost",
            payment_of(order).captured_minor,
        )
