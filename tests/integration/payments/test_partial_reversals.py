"""Reversals of a part of a charge, or taken again: what a bank has taken does not go back, and counts once."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.domain.identifiers import DisputeId
from apps.payments.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
)
from apps.payments.services.decide_dispute import decide_dispute
from apps.payments.services.handle_messages import handle_messages
from tests.conftest import make_cause
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.disputed_shop import broken
from tests.integration.payments.paypal_messages import bring, ordered
from tests.integration.shop import call_off, payment_of, work_off

pytestmark = pytest.mark.django_db(transaction=True)

REVERSED = "PAYMENT.CAPTURE.REVERSED"
REVERSAL = {"state": "opened", "reason": "reversed by the payer's bank", "is_reversal": True}


@pytest.fixture
def order(paypal: SimulatedPayPal) -> Order:
    """An order of 24.80 that is paid."""
    order = ordered("vault-ok")
    assert payment_of(order).captured_minor == 2480
    return order


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
