"""Charges that a bank takes back again: what it has taken does not go back, and counts once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import Dispute, PaymentOperation
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.paypal_messages import bring, ordered
from tests.integration.payments.reversed_shop import (
    REVERSED,
    decide,
    disputed,
    refundable,
    rows,
    sums,
    taken,
)
from tests.integration.shop import call_off, payment_of, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(paypal: SimulatedPayPal) -> Order:
    """An order of 24.80 that is paid."""
    order = ordered("vault-ok")
    assert payment_of(order).captured_minor == 2480
    return order


class TestAReversalThatAPersonCalledWon:
    @pytest.fixture(autouse=True)
    def won(self, order: Order) -> None:
        taken(order, 2480)
        decide(is_won=True)

    def test_holds_the_money_where_the_bank_takes_it_again(self, order: Order) -> None:
        taken(order, 2480, at=timezone.now() + timedelta(days=30))
        assert rows() == [("REV-1", "won", 2480), ("REV-1", "opened", 2480)]
        assert sums(order) == (2480, 0)

        taken(order, 2480, at=timezone.now() + timedelta(days=30))
        assert sums(order) == (2480, 0)
        decide(is_won=False)
        taken(order, 2480, at=timezone.now() + timedelta(days=30))
        assert sums(order) == (0, 2480)

    def test_holds_what_is_taken_again_under_one_name_after_a_part_was_won(
        self, order: Order
    ) -> None:
        taken(order, 2480, at=timezone.now() + timedelta(days=1))
        disputed(order, 1000)
        disputed(order, 1000, "won")
        assert sums(order) == (1480, 0)
        taken(order, 1000, at=timezone.now() + timedelta(days=2))
        assert sums(order) == (2480, 0)

    def test_changes_nothing_where_it_is_told_again(self, order: Order) -> None:
        taken(order, 2480, at=timezone.now() - timedelta(hours=1))
        assert rows() == [("REV-1", "won", 2480)]
        assert sums(order) == (0, 0)


class TestAReversalThatPayPalTellsOfAgain:
    def test_holds_the_money_where_it_was_called_won_before(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        charge = PaymentOperation.objects.get(kind="capture").reference
        paypal.let("reverse", capture=charge)
        bring(paypal.receiver.wait_for(REVERSED)[-1])
        decide(is_won=True)
        bring(paypal.receiver.wait_for(REVERSED)[-1])
        assert rows() == [(charge, "won", 2480)]

        Dispute.objects.update(decided_at=timezone.now() - timedelta(hours=1))
        paypal.let("reverse", capture=charge)
        bring(paypal.receiver.wait_for(REVERSED, count=2)[-1])
        assert rows() == [(charge, "won", 2480), (charge, "opened", 2480)]
        assert sums(order) == (2480, 0)


class TestWhatIsTakenAgainUnderOneName:
    """As PayPal does, which names the charge."""

    @pytest.mark.parametrize("state", ["opened", "lost"])
    def test_is_new_beside_another_dispute_of_what_was_taken_before(
        self, order: Order, state: str
    ) -> None:
        taken(order, 2480)
        disputed(order, 1000)
        disputed(order, 1000, "won")
        disputed(order, 1480, state, name="PP-D-2")
        assert refundable(payment_of(order)) == 1000
        taken(order, 1000, at=timezone.now() + timedelta(days=1))
        assert refundable(payment_of(order)) == 0
        sums(order)

        call_off(order)
        work_off()
        assert payment_of(order).refunded_minor == 0

    def test_counts_once_where_a_dispute_of_before_tells_of_it(self, order: Order) -> None:
        disputed(order, 1000, name="PP-D-1")
        taken(order, 1000)
        disputed(order, 1000, name="PP-D-2")
        disputed(order, 1000, "won", name="PP-D-1")
        again = timezone.now() + timedelta(days=1)
        taken(order, 1000, at=again)
        assert sums(order) == (1000, 0)
        taken(order, 1000, at=again)
        assert sums(order) == (1000, 0)

    def test_is_not_new_where_old_news_of_the_whole_charge_are_told_again(
        self, order: Order
    ) -> None:
        before = timezone.now()
        disputed(order, 2480)
        taken(order, 1000, "REV-2", at=before)
        taken(order, 2480, "REV-1", at=before)
        disputed(order, 2480, "won")
        assert sums(order) == (0, 0)
        taken(order, 2480, "REV-1", at=before)
        assert sums(order) == (0, 0)
