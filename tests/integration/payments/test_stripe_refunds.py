"""A refund made in Stripe's dashboard, from its webhook to the order: real calls over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.notifications.models import Message
from apps.orders.models import CreditNote, Order, OrderRefund
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import (
    Payment,
    PaymentOperation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.number_documents import number_all_documents
from apps.payments.services.reconcile_payments import reconcile_payments
from config.invariants import Scope, check_invariants, list_invariants
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.stripe_messages import hear, receive
from tests.integration.shop import call_off, drain_all, payment_of, place, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stripe: SimulatedStripe) -> Order:
    """An order of 19.90 and 4.90 shipping that is paid."""
    order = place(provider="stripe", token="pm_card_visa")
    work_off()
    assert payment_of(order).status == "captured"
    return order


def refund_at_desk(stripe: SimulatedStripe, order: Order, amount: int | None = None) -> None:
    """Refund in the dashboard, and hear of it."""
    more = f"&amount={amount}" if amount else ""
    stripe.ask(f"/_refund?payment_intent={payment_of(order).authorization}{more}", "POST")
    hear(stripe, "refund.created")


def ask_for(order: Order, amount: int) -> None:
    refund_order(
        order_id=order.id,
        wish=RefundWish(amount_minor=amount),
        reason="dented",
        cause=make_cause(),
        now=timezone.now(),
    )


def refunds(order: Order) -> list[tuple[int, str, str]]:
    rows = OrderRefund.objects.filter(order_id=order.id).order_by("nth")
    return list(rows.values_list("amount_minor", "status", "requested_by"))


class TestARefundInTheDashboard:
    def test_is_told_to_the_order_and_the_customer(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        refund_at_desk(stripe, order, 500)
        number_all_documents()
        order = settled(order)
        assert (order.status, order.payment_status) == ("confirmed", "partially_refunded")
        assert refunds(order) == [(500, "done", "system:stripe")]
        what = "5.00 EUR of it were refunded at the payment provider"
        assert order.history.filter(what=what, actor="system:stripe").count() == 1
        assert CreditNote.objects.get().amount_minor == 500
        assert Message.objects.filter(kind="payment_refunded").count() == 1

    def test_comes_on_top_of_what_is_asked_for_later(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        refund_at_desk(stripe, order, 500)
        ask_for(order, 300)
        work_off()
        assert payment_of(order).refunded_minor == 800
        assert [one[:2] for one in refunds(order)] == [(500, "done"), (300, "done")]

    def test_counts_towards_what_was_asked_for_before(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        ask_for(order, 500)
        drain_all()
        refund_at_desk(stripe, order, 500)
        assert payment_of(order).refunded_minor == 500
        assert [one[:2] for one in refunds(order)] == [(500, "done")]
        assert stripe.payment(payment_of(order).id)["refunded"] == 500

    def test_is_heard_of_while_an_own_one_is_asked_for(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        ask_for(order, 200)
        refund_at_desk(stripe, order, 500)
        asked = sum(one[0] for one in refunds(order))
        assert asked == payment_of(order).refund_wanted_minor == payment_of(order).refunded_minor

    def test_of_all_ends_a_cancellation_that_comes_later(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        refund_at_desk(stripe, order)
        order = settled(order)
        assert (order.status, order.payment_status) == ("confirmed", "refunded")
        call_off(order)
        order = settled(order)
        assert order.status == "cancelled"
        assert PaymentOperation.objects.filter(kind="refund").count() == 1

    def test_of_a_part_leaves_the_rest_to_the_cancellation(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        refund_at_desk(stripe, order, 500)
        call_off(order)
        order = settled(order)
        assert order.status == "cancelled"
        payment = payment_of(order)
        assert (payment.status, payment.refunded_minor) == ("refunded", payment.captured_minor)

    def test_is_counted_once_by_many_workers(self, stripe: SimulatedStripe, order: Order) -> None:
        refund = {
            "object": "refund",
            "id": "re_desk",
            "amount": 500,
            "currency": "eur",
            "status": "succeeded",
            "payment_intent": payment_of(order).authorization,
        }

        def hear_once_more(_: int) -> None:
            try:
                receive(refund, timezone.now())
                handle_messages(now=timezone.now())
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(hear_once_more, range(12)))
        handle_messages(now=timezone.now())
        assert Payment.objects.get().refunded_minor == 500
        assert PaymentOperation.objects.filter(kind="refund").count() == 1


class TestTheBooks:
    def test_agree_afterwards(self, stripe: SimulatedStripe, order: Order) -> None:
        refund_at_desk(stripe, order, 500)
        ask_for(order, 300)
        work_off()
        number_all_documents()
        names = ("what_is_to_be_refunded_is_agreed", "a_payment_agrees_with_its_operations")
        wanted = [one for one in list_invariants() if one.name in names]
        found = check_invariants(wanted, scope=Scope(is_settled=True))
        assert [one.rows for one in found if not one.holds] == []
        assert len(wanted) == 2

    def test_are_explained_to_the_comparison_with_stripe(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        refund_at_desk(stripe, order, 500)
        now = timezone.now()
        reconcile_payments(provider="stripe", since=now - timedelta(days=1), until=now, now=now)
        assert SettlementLineRecord.objects.filter(kind="refund").count() == 1
        assert not SettlementDifference.objects.exists()
