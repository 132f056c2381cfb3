"""One payment through any sequence of what may happen to it: its sums, its ledger and its disputes agree."""

import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.kernel.events.orders import OrderRefundRequested
from apps.kernel.identifiers import RefundId
from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
)
from apps.payments.ports import (
    Accepted,
    Declined,
    Done,
    NothingHappened,
    NotKnown,
    NotMade,
    Refused,
    Result,
)
from apps.payments.services.capture_payment import capture_payment
from apps.payments.services.decide_dispute import decide_dispute
from apps.payments.services.note_disputes import note_disputes
from apps.payments.services.note_external_refunds import note_external_refunds
from apps.payments.services.refund_payments import refund_payments
from apps.payments.services.review_setbacks import Setback, review_setbacks
from apps.payments.services.settle_refund import settle_refund
from apps.payments.services.undo_again import undo_again
from apps.payments.services.undo_payments import undo_payments
from config.invariants import Scope, check_invariants, list_invariants
from tests.conftest import make_cause
from tests.integration.notifications.story import delivered
from tests.integration.payments.story import authorizing, hear

JUDGES = frozenset(
    {
        "no_more_is_captured_than_authorised",
        "the_ledger_agrees_with_payments",
        "a_payment_is_authorised_once",
        "a_payment_agrees_with_its_operations",
        "the_ledger_agrees_with_disputes",
        "a_payment_agrees_with_its_disputes",
        "a_reversal_stands_for_no_dispute",
        "a_reversal_is_of_no_more_than_is_left",
        "a_dispute_tells_of_no_more_than_it_is_about",
        "events_of_an_aggregate_have_no_gap",
        "versions_agree_with_events",
        "decisive_events_happen_once",
    }
)
STEPS_TO_THE_END = 20
NO = "No."


class LifeOfAPayment(RuleBasedStateMachine):
    """A payment of 100, with its provider, its customer's bank, its merchant and its customer."""

    def __init__(self) -> None:
        """Begin in a transaction that is rolled back in the end."""
        super().__init__()
        self.names = Counter[str]()
        self.asked_for = 0
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    @property
    def now(self) -> datetime:
        """The present."""
        return timezone.now()

    @property
    def payment(self) -> Payment:
        """The payment as it is stored."""
        return Payment.objects.get(id=self.payment_id)

    def open_calls(self) -> list[PaymentOperation]:
        """Give the calls that have not ended, the oldest first."""
        return list(PaymentOperation.objects.filter(state__in=OPEN_STATES).order_by("id"))

    def name(self, what: str) -> str:
        """Give a name that the provider has not given before."""
        self.names[what] += 1
        return f"{what}_{self.names[what]}"

    @initialize(is_authorised=st.sampled_from([True, True, True, False]))
    def begin(self, is_authorised: bool) -> None:
        """Ask for the authorisation; mostly it is made at once."""
        payment, operation = authorizing(self.now)
        self.payment_id = payment.id
        if is_authorised:
            hear(operation, Done(reference="pi_1", brand="visa", last4="4242"), self.now)

    @rule(
        data=st.data(),
        answer=st.sampled_from(["done", "done", "done", "no", "fault", "lost", "busy", "taken"]),
    )
    def answer(self, data: st.DataObject, answer: str) -> None:
        """Have the provider answer a call, if any is open."""
        calls = self.open_calls()
        if calls:
            self.end(data.draw(st.sampled_from(calls)), answer)

    def end(self, call: PaymentOperation, answer: str) -> None:
        """Tell how an attempt of a call ended."""
        answers: dict[str, Result] = {
            "done": Done(reference=call.reference or self.name(call.kind)),
            "no": Declined(code="card_declined", detail=NO, reference=call.reference),
            "fault": Refused(code="misused", detail=NO),
            "lost": NotKnown(),
            "busy": NothingHappened(code="unavailable"),
            "taken": Accepted(reference=call.reference or self.name(call.kind)),
            "not made": NotMade(),
        }
        hear(call, answers[answer], self.now)

    @rule()
    def send(self) -> None:
        """Have a worker begin the call that waits."""
        PaymentOperation.objects.filter(state="pending").update(state="in_flight")

    @precondition(lambda self: self.payment.status == "authorized")
    @rule(amount=st.integers(1, 100))
    def charge(self, amount: int) -> None:
        """Have the merchant charge a part, or all of it."""
        if not self.payment.is_unwanted and not self.open_calls():
            capture_payment(
                payment_id=self.payment_id,
                amount_minor=amount,
                cause=make_cause(),
                now=self.now,
            )

    @rule(part=st.integers(1, 100))
    def ask_back(self, part: int) -> None:
        """Have customer service ask for money, as much as orders lets them."""
        payment = self.payment
        left = payment.captured_minor - payment.lost_minor - self.asked_for
        if left <= 0 or payment.is_unwanted:
            return
        amount = min(part, left)
        self.asked_for += amount
        event = OrderRefundRequested(
            order_id=payment.order_id,
            refund_id=RefundId(uuid.uuid4()),
            amount_minor=amount,
            wanted_minor=self.asked_for,
            currency="EUR",
            units=(),
        )
        refund_payments(wanted=[delivered(event)], now=self.now)

    @rule()
    def call_off(self) -> None:
        """Have the order cancelled."""
        undo_payments(causes={self.payment.order_id: make_cause()}, now=self.now)

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        """Hear that something which had succeeded did not last: a charge or a refund, maybe by name and kind."""
        done = PaymentOperation.objects.filter(state="succeeded").exclude(reference="")
        calls = list(done.order_by("id").values_list("reference", "kind"))
        name, kind = data.draw(st.sampled_from([("", ""), *calls]))
        kind = data.draw(st.sampled_from(["", kind]))
        review_setbacks(about={self.payment_id: {Setback(name, kind)}}, now=self.now)

    @rule(
        reference=st.sampled_from(["du_1", "du_2"]),
        state=st.sampled_from(["opened", "won", "lost"]),
        amount=st.integers(1, 100),
        currency=st.sampled_from(["EUR", "EUR", "EUR", "USD", ""]),
    )
    def dispute(self, reference: str, state: str, amount: int, currency: str) -> None:
        """Hear of a dispute, in any order, before its charge as well."""
        news = {
            "reference": reference,
            "state": state,
            "amount_minor": amount,
            "reason": "fraudulent",
            "currency": currency,
        }
        note_disputes(messages=[self.message(dispute=news)], now=self.now)

    @rule(
        reference=st.sampled_from(["rev_1", "rev_2"]),
        amount=st.integers(1, 100),
        currency=st.sampled_from(["EUR", "EUR", "USD"]),
        hours_ago=st.sampled_from([-1, 1]),
    )
    def reverse(self, reference: str, amount: int, currency: str, hours_ago: int) -> None:
        """Hear that the bank took the charge back, before or after a dispute of it and its decision."""
        news = {
            "reference": reference,
            "state": "opened",
            "amount_minor": amount,
            "reason": "taken back",
            "currency": currency,
            "is_reversal": True,
            "happened_at": (self.now - timedelta(hours=hours_ago)).isoformat(),
        }
        note_disputes(messages=[self.message(dispute=news)], now=self.now)

    @rule(is_won=st.booleans())
    def decide(self, is_won: bool) -> None:
        """Have finance say how a dispute ended."""
        dispute = Dispute.objects.filter(state="opened").first()
        if dispute is not None:
            decide_dispute(dispute_id=dispute.id, is_won=is_won, cause=make_cause(), now=self.now)

    @rule(amount=st.integers(1, 100))
    def refund_at_the_providers_desk(self, amount: int) -> None:
        """Hear of a refund that no call of ours asked for."""
        news = {"reference": self.name("desk"), "amount_minor": amount, "currency": "EUR"}
        note_external_refunds(messages=[self.message(refund=news)], now=self.now)
        self.asked_for = max(self.asked_for, self.payment.refund_wanted_minor)

    @rule()
    def try_again(self) -> None:
        """Try again what a provider refused to give back."""
        undo_again(causes={self.payment_id: make_cause()}, now=self.now)

    @rule()
    def settle_by_hand(self) -> None:
        """Have finance pay by another way."""
        settle_refund(payment_id=self.payment_id, cause=make_cause(), now=self.now)

    def message(self, **news: Any) -> ProviderMessageRecord:
        """Store what the provider says of the payment."""
        return ProviderMessageRecord.objects.create(
            provider="stripe",
            event_id=self.name("evt"),
            kind="x",
            reference="pi_1",
            payment_id=self.payment_id,
            received_at=self.now,
            next_at=self.now,
            **news,
        )

    @invariant()
    def sums_are_sound(self) -> None:
        """No sum is below zero, and no more goes back by calls than was charged."""
        payment = self.payment
        assert 0 <= payment.refunded_minor <= payment.captured_minor <= payment.amount_minor
        assert min(payment.disputed_minor, payment.lost_minor, payment.to_refund_minor) >= 0
        assert payment.to_refund_minor <= payment.owed_back_minor
        calls = self.open_calls()
        assert len({call.kind for call in calls}) == len(calls)

    @invariant()
    def the_ledger_balances(self) -> None:
        """What customers gave is with us, with the provider, or with their bank; nothing is owed by nobody."""
        held = Counter[str]()
        for entry in LedgerEntry.objects.all():
            held[entry.from_account] -= entry.amount_minor
            held[entry.to_account] += entry.amount_minor
        payment = self.payment
        opened, lost = (
            sum(
                one.amount_minor
                for one in Dispute.objects.filter(state=state)
                if one.currency_of(payment) == payment.currency
            )
            for state in ("opened", "lost")
        )
        assert held["authorised"] == (100 if payment.status == "authorized" else 0)
        assert held["disputed"] == opened
        assert held["provider"] == payment.captured_minor - payment.refunded_minor - opened - lost
        assert sum(held.values()) == 0

    @invariant()
    def the_shops_own_judges_agree(self) -> None:
        """Nobody who runs the shop would be alarmed."""
        judges = [one for one in list_invariants() if one.name in JUDGES]
        assert len(judges) == len(JUDGES)
        found = check_invariants(judges, scope=Scope())
        assert [(one.invariant.name, one.rows) for one in found if not one.holds] == []

    def teardown(self) -> None:
        """Decide all, have everything made: nothing that may go back is left, then undo all of it."""
        try:
            if hasattr(self, "payment_id"):
                self.come_to_an_end()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def come_to_an_end(self) -> None:
        """Have the provider do whatever it is asked."""
        for _ in range(STEPS_TO_THE_END):
            self.decide(is_won=True)
            for call in self.open_calls():
                self.end(call, "done")
            if not self.open_calls() and not self.payment.to_refund_minor:
                break
            self.try_again()
        assert self.open_calls() == []
        assert self.payment.to_refund_minor == 0
        self.sums_are_sound()
        self.the_ledger_balances()
        self.the_shops_own_judges_agree()


@pytest.mark.django_db
@pytest.mark.usefixtures("stripe_in_use")
class TestAPayment:
    def test_keeps_its_books_in_any_sequence(self) -> None:
        run_state_machine_as_test(
            LifeOfAPayment, settings=settings(max_examples=12, stateful_step_count=16)
        )
