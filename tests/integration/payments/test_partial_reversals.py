"""Reversals of a part of a charge, beside disputes of another part: what a bank has taken counts once."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from apps.orders.models import Order
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.paypal_messages import ordered
from tests.integration.payments.reversed_shop import (
    REVERSAL,
    decide,
    disputed,
    hear,
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


class TestAReversalBesideADisputeOfLess:
    @pytest.mark.parametrize(("state", "known"), [("opened", (1000, 0)), ("lost", (0, 1000))])
    def test_holds_the_rest(self, order: Order, state: str, known: tuple[int, int]) -> None:
        disputed(order, 1000, state)
        assert sums(order) == known
        taken(order, 2480, at=timezone.now() + timedelta(days=30))
        assert rows() == [("PP-D-1", state, 1000), ("REV-1", "opened", 1480)]
        assert sums(order) == (known[0] + 1480, known[1])
        assert refundable(payment_of(order)) == 0

    def test_keeps_the_rest_where_that_comes_after_it(self, order: Order) -> None:
        taken(order, 2480)
        disputed(order, 1000)
        assert rows() == [("REV-1", "opened", 1480), ("PP-D-1", "opened", 1000)]
        assert sums(order) == (2480, 0)
        taken(order, 2480)
        disputed(order, 1000)
        assert sums(order) == (2480, 0)

        disputed(order, 1000, "won")
        assert sums(order) == (1480, 0)
        decide(is_won=False)
        assert sums(order) == (0, 1480)

    def test_keeps_the_rest_back_from_a_cancellation(self, order: Order) -> None:
        taken(order, 2480)
        call_off(order)
        work_off()
        disputed(order, 1000)
        assert payment_of(order).refunded_minor == 0
        disputed(order, 1000, "lost")
        decide(is_won=False)
        assert sums(order) == (0, 2480)
        assert payment_of(order).refunded_minor == 0

    def test_keeps_what_a_person_called_lost(self, order: Order) -> None:
        taken(order, 2480)
        decide(is_won=False)
        disputed(order, 1000)
        assert rows() == [("REV-1", "lost", 1480), ("PP-D-1", "lost", 1000)]
        assert sums(order) == (0, 2480)
        disputed(order, 1000, "won")
        assert sums(order) == (0, 2480)

    @pytest.mark.parametrize("nth", range(6))
    def test_counts_the_larger_sum_in_any_order(self, order: Order, nth: int) -> None:
        told: list[Callable[[], None]] = [
            lambda: taken(order, 900, "REV-1"),
            lambda: taken(order, 1100, "REV-2"),
            lambda: disputed(order, 1000),
        ]
        for tell in list(permutations(told))[nth]:
            tell()
        for tell in told:
            tell()
        assert sums(order) == (2000, 0)
        disputed(order, 1000, "lost")
        assert sums(order) == (1000, 1000)
        for tell in told:
            tell()
        assert sums(order) == (1000, 1000)


class TestAReversalOfLessThanIsDisputed:
    def test_is_part_of_the_dispute(self, order: Order) -> None:
        taken(order, 1000)
        disputed(order, 2480)
        assert rows() == [("PP-D-1", "opened", 2480)]
        taken(order, 1000, "REV-2")
        assert rows() == [("PP-D-1", "opened", 2480)]
        assert sums(order) == (2480, 0)

    def test_stays_lost_where_a_person_said_so(self, order: Order) -> None:
        taken(order, 1000)
        decide(is_won=False)
        disputed(order, 2480)
        assert rows() == [("REV-1", "lost", 1000), ("PP-D-1", "opened", 1480)]
        assert sums(order) == (1480, 1000)
        disputed(order, 2480, "lost")
        assert sums(order) == (0, 2480)


class TestTwoReversals:
    def test_both_count(self, order: Order) -> None:
        taken(order, 1000, "REV-1")
        taken(order, 1400, "REV-2")
        taken(order, 1000, "REV-1")
        assert rows() == [("REV-1", "opened", 1000), ("REV-2", "opened", 1400)]
        assert sums(order) == (2400, 0)

    def test_take_no_more_than_is_left(self, order: Order) -> None:
        taken(order, 2000, "REV-1")
        taken(order, 2000, "REV-2")
        assert sums(order) == (2480, 0)

    def test_of_which_one_names_another_currency_both_stand(self, order: Order) -> None:
        disputed(order, 2480)
        taken(order, 2480)
        hear(order, reference="REV-2", amount_minor=3000, **{**REVERSAL, "currency": "USD"})
        disputed(order, 2480, "won")
        assert refundable(payment_of(order)) == 0

    def test_of_one_name_count_as_the_larger(self, order: Order) -> None:
        taken(order, 1000)
        taken(order, 1400)
        taken(order, 1000)
        assert sums(order) == (1400, 0)


class TestADisputeThatIsLostAfterItWasWon:
    def test_tells_of_what_was_taken_since_and_leaves_the_rest(self, order: Order) -> None:
        taken(order, 1500, "REV-1")
        disputed(order, 1000)
        disputed(order, 1000, "won")
        assert sums(order) == (500, 0)
        taken(order, 1000, "REV-2", at=timezone.now() + timedelta(days=1))
        assert sums(order) == (1500, 0)
        disputed(order, 1000, "lost")
        assert rows() == [("REV-1", "opened", 500), ("PP-D-1", "lost", 1000)]
        assert sums(order) == (500, 1000)


class TestADisputeOfWhichAPersonCalledAPartLost:
    def test_says_where_the_provider_calls_it_won(self, order: Order) -> None:
        taken(order, 1000)
        decide(is_won=False)
        disputed(order, 2480)
        said = "The provider says that dispute PP-D-1 was won"
        history = payment_of(order).history
        assert not history.filter(what=said).exists()
        disputed(order, 2480, "won")
        disputed(order, 2480, "won")
        assert history.filter(what=said).count() == 1
        assert sums(order) == (0, 1000)
