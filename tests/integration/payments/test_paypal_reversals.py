"""Charges that a payer's bank took back, with a dispute or without: counted once, in any order of news."""

from collections import Counter
from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.admin.panels import show_payment
from apps.payments.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
)
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.note_disputes import note_disputes
from tests.contract.payments.running import Letter
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.disputed_shop import broken
from tests.integration.payments.paypal_messages import bring, hear, ordered
from tests.integration.payments.reversed_shop import decide
from tests.integration.shop import call_off, payment_of, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)

CREATED, RESOLVED = "CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED"
REVERSED = "PAYMENT.CAPTURE.REVERSED"


@pytest.fixture
def order(paypal: SimulatedPayPal) -> Order:
    """An order that is paid."""
    order = ordered("vault-ok")
    assert payment_of(order).status == "captured"
    return order


def charge() -> str:
    return PaymentOperation.objects.get(kind="capture").reference


def reverse(paypal: SimulatedPayPal) -> None:
    """Have the bank take the charge back; nobody hears of it yet."""
    paypal.let("reverse", capture=charge())


def open_dispute(paypal: SimulatedPayPal) -> None:
    paypal.let("dispute", capture=charge(), reason="UNAUTHORISED")


def resolve(paypal: SimulatedPayPal, status: str) -> None:
    paypal.let("dispute", dispute=f"PP-D-{charge()[:8]}", status=status)


def letter(paypal: SimulatedPayPal, event_type: str) -> Letter:
    """Give the newest message of a type."""
    return paypal.receiver.wait_for(event_type)[-1]


def held() -> dict[str, int]:
    """Say who has the money, by the ledger."""
    found = Counter[str]()
    for entry in LedgerEntry.objects.all():
        found[entry.from_account] -= entry.amount_minor
        found[entry.to_account] += entry.amount_minor
    return {account: amount for account, amount in found.items() if amount}


def whats(payment: Payment) -> list[str]:
    return list(payment.history.order_by("position").values_list("what", flat=True))


class TestAReversalWithoutADispute:
    @pytest.fixture(autouse=True)
    def reversed_one(self, paypal: SimulatedPayPal, order: Order) -> None:
        """The bank has taken the charge back, and we have heard of it."""
        reverse(paypal)
        hear(paypal, REVERSED)

    def test_is_with_the_bank_until_a_person_decides(self, order: Order) -> None:
        payment, found = payment_of(order), Dispute.objects.get()
        assert (payment.status, payment.captured_minor) == ("captured", payment.amount_minor)
        assert payment.disputed_minor == payment.amount_minor
        assert (found.state, found.is_reversal, found.reference) == ("opened", True, charge())
        amount = payment.amount_minor
        assert held() == {"customer": -amount, "disputed": amount}
        assert settled(order).status == "confirmed"
        told = settled(order).history.latest("position").what
        assert told == "Charge of 24.80 EUR disputed (reversed by the payer's bank)"
        assert "say of the dispute below that it was lost or won" in show_payment(order.id).alert
        assert broken() == []

    def test_that_is_told_again_changes_nothing(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        before = whats(payment_of(order))
        reverse(paypal)
        first, second = paypal.receiver.wait_for(REVERSED, count=2)
        for one in (first, second, first):
            bring(one)
        assert whats(payment_of(order)) == before
        assert Dispute.objects.count() == 1
        assert broken() == []

    @pytest.mark.parametrize(
        ("is_won", "payment_status"), [(True, "refunded"), (False, "charged_back")]
    )
    def test_that_a_person_decides_ends_a_cancellation(
        self, paypal: SimulatedPayPal, order: Order, is_won: bool, payment_status: str
    ) -> None:
        call_off(order)
        work_off()
        assert settled(order).status == "cancellation_pending"
        if is_won:
            # The bank has sent it back: PayPal has it to give.
            open_dispute(paypal)
            resolve(paypal, "won")
        decide(is_won=is_won)
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", payment_status)
        assert held() == {}
        assert broken() == []

    @pytest.mark.parametrize("status", ["won", "lost"])
    def test_that_a_person_called_lost_is_lost_whatever_the_dispute_says_later(
        self, paypal: SimulatedPayPal, order: Order, status: str
    ) -> None:
        decide(is_won=False)
        open_dispute(paypal)
        hear(paypal, CREATED)
        resolve(paypal, status)
        hear(paypal, RESOLVED)
        found = Dispute.objects.get()
        assert (found.state, found.reference) == ("lost", f"PP-D-{charge()[:8]}")
        assert held() == {}
        noted = f"The provider says that dispute {found.reference} was won"
        assert (noted in whats(payment_of(order))) is (status == "won")
        assert broken() == []


class TestAReversalAndADispute:
    @pytest.mark.parametrize("happened", ["dispute first", "reversal first"])
    @pytest.mark.parametrize("nth", range(6))
    @pytest.mark.parametrize(("status", "to"), [("won", "provider"), ("lost", "customer")])
    def test_are_counted_once_in_any_order_of_arrival(
        self, paypal: SimulatedPayPal, order: Order, happened: str, nth: int, status: str, to: str
    ) -> None:
        if happened == "dispute first":
            open_dispute(paypal)
            reverse(paypal)
        else:
            reverse(paypal)
            open_dispute(paypal)
        resolve(paypal, status)
        letters = [letter(paypal, one) for one in (CREATED, REVERSED, RESOLVED)]
        for one in list(permutations(letters))[nth]:
            bring(one)
            assert broken() == []
        for one in letters:
            bring(one)

        payment, found = payment_of(order), Dispute.objects.get()
        assert (found.state, found.is_reversal) == (status, False)
        assert (payment.status, payment.disputed_minor) == ("captured", 0)
        amount = payment.amount_minor
        assert held() == ({} if to == "customer" else {"customer": -amount, to: amount})
        assert broken() == []

    def test_leave_the_order_as_it_is_until_it_is_decided(
        self, paypal: SimulatedPayPal, order: Order
    ) -> None:
        open_dispute(paypal)
        hear(paypal, CREATED)
        reverse(paypal)
        hear(paypal, REVERSED)
        payment, found = payment_of(order), Dispute.objects.get()
        assert settled(order).status == "confirmed"
        assert held() == {"customer": -payment.amount_minor, "disputed": payment.amount_minor}
        noted = f"The customer's bank took 24.80 EUR back ({charge()}): part of dispute {found.reference}"
        assert whats(payment)[-1] == noted
        assert broken() == []

    @pytest.fixture
    def taken_again(self, paypal: SimulatedPayPal, order: Order) -> Dispute:
        """A dispute that was won, an hour before the bank took the money all the same."""
        open_dispute(paypal)
        hear(paypal, CREATED)
        resolve(paypal, "won")
        hear(paypal, RESOLVED)
        Dispute.objects.update(decided_at=timezone.now() - timedelta(hours=1))
        reverse(paypal)
        hear(paypal, REVERSED)
        return Dispute.objects.get(is_reversal=False)

    @pytest.mark.usefixtures("taken_again")
    def test_are_told_apart_where_the_bank_takes_it_after_a_dispute_was_won(
        self, order: Order
    ) -> None:
        amount = payment_of(order).amount_minor
        assert sorted(Dispute.objects.values_list("state", "is_reversal")) == [
            ("opened", True),
            ("won", False),
        ]
        assert held() == {"customer": -amount, "disputed": amount}
        assert broken() == []

    @pytest.mark.parametrize("is_known", [True, False])
    def test_are_counted_once_where_that_is_lost_in_the_end(
        self, order: Order, taken_again: Dispute, is_known: bool
    ) -> None:
        payment, now = payment_of(order), timezone.now()
        told = {
            "reference": taken_again.reference if is_known else "PP-D-2",
            "state": "lost",
            "amount_minor": payment.captured_minor,
            "reason": "unauthorised",
            "currency": "EUR",
        }
        message = ProviderMessageRecord.objects.create(
            provider="paypal",
            event_id="WH-LOST",
            kind=RESOLVED,
            reference=payment.authorization,
            payment_id=payment.id,
            dispute=told,
            received_at=now,
            next_at=now,
        )
        note_disputes(messages=[message], now=now)
        work_off()
        assert not Dispute.objects.filter(is_reversal=True).exists()
        assert Dispute.objects.get(reference=told["reference"]).state == "lost"
        assert held() == {}
        assert payment_of(order).lost_minor == payment.captured_minor
        message.delete()
        assert broken() == []


class TestAReversalBeforeItsCharge:
    def test_waits_until_we_have_heard_of_that(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-capture-pending")
        assert payment_of(order).captured_minor == 0
        paypal.let("settle", capture=charge(), status="COMPLETED")
        reverse(paypal)
        hear(paypal, REVERSED)
        payment = payment_of(order)
        assert (payment.status, Dispute.objects.count()) == ("captured", 0)

        ProviderMessageRecord.objects.update(next_at=timezone.now())
        handle_messages(now=timezone.now())
        work_off()
        payment = payment_of(order)
        assert payment.disputed_minor == payment.captured_minor == payment.amount_minor
        assert broken() == []


class TestAReversalOfWhatIsLeft:
    def test_takes_no_more_than_that(self, paypal: SimulatedPayPal, order: Order) -> None:
        paypal.let("refund", capture=charge(), amount="20.00")
        hear(paypal, "PAYMENT.CAPTURE.REFUNDED")
        reverse(paypal)
        hear(paypal, REVERSED)
        payment = payment_of(order)
        assert (payment.refunded_minor, payment.disputed_minor) == (2000, 480)
        assert held() == {"customer": -480, "disputed": 480}
        assert broken() == []

    @pytest.mark.parametrize(
        ("given", "state", "left"), [("20.00", "opened", 480), ("24.80", "won", 0)]
    )
    def test_gives_way_to_a_refund_that_is_heard_of_later(
        self, paypal: SimulatedPayPal, order: Order, given: str, state: str, left: int
    ) -> None:
        paypal.let("refund", capture=charge(), amount=given)
        refund = letter(paypal, "PAYMENT.CAPTURE.REFUNDED")
        reverse(paypal)
        hear(paypal, REVERSED)
        assert payment_of(order).disputed_minor == 2480
        bring(refund)
        bring(refund)
        payment = payment_of(order)
        assert (payment.disputed_minor, Dispute.objects.get().state) == (left, state)
        assert held() == ({"customer": -left, "disputed": left} if left else {})
        assert broken() == []

    def test_takes_nothing_of_what_went_back(self, paypal: SimulatedPayPal, order: Order) -> None:
        call_off(order)
        work_off()
        reverse(paypal)
        hear(paypal, REVERSED)
        assert payment_of(order).status == "refunded"
        assert whats(payment_of(order))[-1].endswith("of which nothing is left here")
        assert held() == {}
        assert broken() == []
