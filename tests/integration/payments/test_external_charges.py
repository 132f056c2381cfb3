"""Charges that somebody made at the provider's own desk: booked with what they are of, and given back as that."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.orders.models import Order
from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import ALREADY_CAPTURED, Declined, Done
from apps.payments.services.capture_payment import capture_payment
from apps.payments.services.close_call import close_call
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.undo_payments import undo_payments
from apps.payments.services.void_payment import void_payment
from apps.payments.services.watch_authorisations import watch_authorisations
from config.invariants import Scope, check_invariants
from config.invariants.money import MONEY_INVARIANTS
from tests.conftest import make_cause
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments import paypal_messages, stripe_messages
from tests.integration.payments.paypal_messages import ordered
from tests.integration.payments.story import DONE, ask, authorizing, hear
from tests.integration.shop import call_off, payment_of, place, settled, work_off

CHARGED = Declined(code=ALREADY_CAPTURED, detail="The payment has been charged.")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def charged(minor: int, currency: str = "EUR") -> Done:
    return Done(reference="ch_desk", charged=Money(minor, currency))


def authorized(now: datetime) -> Payment:
    _, operation = authorizing(now)
    return hear(operation, DONE, now)


def found_after_void(now: datetime, result: Done) -> Payment:
    """Call a payment off that cannot be voided since it was charged, and look for that charge."""
    payment = authorized(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    hear(PaymentOperation.objects.get(kind="void"), CHARGED, now)
    return hear(capture(), result, now)


def capture() -> PaymentOperation:
    return PaymentOperation.objects.get(kind="capture")


def moved() -> list[tuple[str, int]]:
    return list(LedgerEntry.objects.order_by("id").values_list("what", "amount_minor"))


def steps(payment: Payment) -> list[str]:
    return list(payment.history.order_by("position").values_list("what", flat=True))


def insist_on_invariants() -> None:
    findings = check_invariants(MONEY_INVARIANTS, scope=Scope())
    assert {one.invariant.name: one.rows for one in findings if one.rows} == {}


@pytest.mark.django_db
class TestAChargeOfAPart:
    def test_found_after_a_void_goes_back_as_what_it_is(self, now: datetime) -> None:
        payment = found_after_void(now, charged(60))
        assert (payment.status, payment.captured_minor) == ("captured", 60)
        assert "Charge of 0.60 EUR, not 1.00 EUR, made at the provider (ch_desk)" in steps(payment)
        assert (capture().state, capture().amount_minor) == ("succeeded", 60)

        refund = PaymentOperation.objects.get(kind="refund")
        assert refund.amount_minor == 60
        payment = hear(refund, Done(reference="re_1"), now)
        assert (payment.status, payment.refunded_minor) == ("refunded", 60)
        assert moved() == [
            ("Authorised", 100),
            ("Captured", 60),
            ("Released", 40),
            ("Refunded", 60),
        ]
        insist_on_invariants()

    def test_is_what_a_call_of_ours_comes_to(self, now: datetime) -> None:
        payment = authorized(now)
        payment = hear(ask(payment, OperationKind.CAPTURE, now), charged(60), now)
        assert (payment.status, payment.captured_minor) == ("captured", 60)
        assert "Charge of 0.60 EUR, not 1.00 EUR, made at the provider (ch_desk)" in steps(payment)
        insist_on_invariants()

    def test_may_be_more_than_our_call_was_of(self, now: datetime) -> None:
        payment = authorized(now)
        capture_payment(payment_id=payment.id, amount_minor=30, cause=make_cause(), now=now)
        payment = hear(capture(), charged(100), now)
        assert (payment.status, payment.captured_minor) == ("captured", 100)
        assert ("Released", 70) not in moved()
        insist_on_invariants()


@pytest.mark.django_db
def test_a_charge_of_all_says_that_nobody_here_made_it(now: datetime) -> None:
    payment = found_after_void(now, Done(reference="ch_desk"))
    assert payment.captured_minor == 100
    assert "Charge of 1.00 EUR made at the provider (ch_desk)" in steps(payment)


@pytest.mark.django_db
@pytest.mark.parametrize("too_much", [charged(101), charged(60, "USD")])
class TestAChargeThatDoesNotFit:
    def test_changes_nothing_and_waits_for_a_person(self, now: datetime, too_much: Done) -> None:
        payment = found_after_void(now, too_much)
        payment = hear(capture(), too_much, now)
        assert (payment.status, payment.captured_minor) == ("authorized", 0)
        assert moved() == [("Authorised", 100)]
        (step,) = [one for one in steps(payment) if one.startswith("Charge of")]
        assert step.endswith("made at the provider (ch_desk) does not fit into what was authorised")
        assert capture().state == "waiting"
        assert capture().next_at > now + timedelta(seconds=30)
        insist_on_invariants()

    @pytest.mark.parametrize(("is_done", "status"), [(True, "captured"), (False, "voided")])
    def test_is_closed_by_a_person(
        self, now: datetime, too_much: Done, is_done: bool, status: str
    ) -> None:
        payment = found_after_void(now, too_much)
        later = now + timedelta(days=1)
        cause = make_cause("agent:7")
        assert close_call(operation_id=capture().id, is_done=is_done, cause=cause, now=later)
        payment = Payment.objects.get(id=payment.id)
        assert payment.status == status
        insist_on_invariants()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("charged_on_request")
class TestAnOrderThatIsCancelled:
    @pytest.mark.parametrize("minor", [600, 2480])
    def test_because_its_payment_was_let_go_gives_back_what_was_charged(
        self, stripe: SimulatedStripe, minor: int
    ) -> None:
        order = place(provider="stripe", token="pm_card_visa")
        work_off()
        payment = payment_of(order)
        stripe.ask(f"/_capture?payment_intent={payment.authorization}&amount={minor}", "POST")
        void_payment(payment_id=PaymentId(payment.id), cause=make_cause(), now=timezone.now())
        work_off()
        order, payment = settled(order), payment_of(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert order.cancel_reason == "payment_voided"
        assert (payment.captured_minor, payment.refunded_minor) == (minor, minor)
        insist_on_invariants()

    def test_gives_back_what_was_charged_in_stripes_dashboard(
        self, stripe: SimulatedStripe
    ) -> None:
        order = place(provider="stripe", token="pm_card_visa")
        work_off()
        name = payment_of(order).authorization
        stripe.ask(f"/_capture?payment_intent={name}&amount=600", "POST")
        call_off(order)
        self.insist_on_end(order, 600)
        books = stripe.payment(payment_of(order).id)
        assert (books["captured"], books["refunded"]) == (600, 600)

    def test_gives_back_what_was_charged_at_paypals_site(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-ok")
        paypal.let("capture", authorization=payment_of(order).authorization, amount="6.00")
        call_off(order)
        self.insist_on_end(order, 600)
        books = paypal.payment(payment_of(order).id)
        assert (books["captured"], books["refunded"]) == (600, 600)

    def insist_on_end(self, order: Order, minor: int) -> None:
        order = settled(order)
        payment = payment_of(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert (payment.captured_minor, payment.refunded_minor) == (minor, minor)
        said = list(order.history.order_by("position").values_list("what", flat=True))
        assert "Payment captured: 6.00 EUR of 24.80 EUR" in said
        insist_on_invariants()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("charged_on_request")
class TestAnOrderThatGoesOn:
    def test_hears_of_a_charge_in_stripes_dashboard(self, stripe: SimulatedStripe) -> None:
        order = place(provider="stripe", token="pm_card_visa")
        work_off()
        name = payment_of(order).authorization
        stripe.ask(f"/_capture?payment_intent={name}&amount=600", "POST")
        for _ in range(2):
            stripe_messages.hear(stripe, "payment_intent.succeeded")
        self.insist_on_charge(order, 600)

    def test_hears_of_a_charge_of_all(self, stripe: SimulatedStripe) -> None:
        order = place(provider="stripe", token="pm_card_visa")
        work_off()
        stripe.ask(f"/_capture?payment_intent={payment_of(order).authorization}", "POST")
        stripe_messages.hear(stripe, "payment_intent.succeeded")
        self.insist_on_charge(order, 2480)

    def test_hears_of_a_charge_before_the_answer_to_its_authorisation(
        self, stripe: SimulatedStripe
    ) -> None:
        with stripe.faults(lose_answers_rate=1):
            order = place(provider="stripe", token="pm_card_visa")
            work_off()
            (intent,) = stripe.payment(payment_of(order).id)["intents"]
            stripe.ask(f"/_capture?payment_intent={intent['id']}", "POST")
            stripe_messages.hear(stripe, "payment_intent.succeeded")
        PaymentOperation.objects.update(next_at=timezone.now())
        work_off()
        assert payment_of(order).status == "authorized"
        ProviderMessageRecord.objects.update(next_at=timezone.now())
        handle_messages(now=timezone.now())
        self.insist_on_charge(order, 2480)

    def test_hears_of_a_refund_before_the_charge_that_it_is_of(
        self, stripe: SimulatedStripe
    ) -> None:
        order = place(provider="stripe", token="pm_card_visa")
        work_off()
        name = payment_of(order).authorization
        stripe.ask(f"/_capture?payment_intent={name}", "POST")
        stripe.ask(f"/_refund?payment_intent={name}&amount=500", "POST")
        stripe_messages.hear(stripe, "refund.created")
        self.insist_on_charge(order, 2480)
        assert payment_of(order).refunded_minor == 0
        ProviderMessageRecord.objects.update(next_at=timezone.now())
        handle_messages(now=timezone.now())
        work_off()
        assert payment_of(order).refunded_minor == 500
        assert not SettlementDifference.objects.exists()
        insist_on_invariants()

    def test_hears_of_a_charge_at_paypals_site(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-ok")
        paypal.let("capture", authorization=payment_of(order).authorization, amount="6.00")
        paypal_messages.hear(paypal, "PAYMENT.CAPTURE.COMPLETED")
        self.insist_on_charge(order, 600)

    def insist_on_charge(self, order: Order, minor: int) -> None:
        order = settled(order)
        payment = payment_of(order)
        assert (order.status, order.payment_status) == ("confirmed", "captured")
        assert (payment.captured_minor, order.captured_minor) == (minor, minor)
        found = capture()
        assert (found.state, found.actor) == ("succeeded", f"system:{payment.provider}")
        assert payment.history.filter(what__startswith="Charge of", actor=found.actor).count() == 1
        insist_on_invariants()


@pytest.mark.django_db
def test_an_authorisation_that_was_asked_after_may_turn_out_to_be_charged(now: datetime) -> None:
    payment = authorized(now)
    Payment.objects.update(authorized_until=now - timedelta(minutes=1))
    watch_authorisations(now=now)
    hear(PaymentOperation.objects.get(kind="void", only_looks=True), CHARGED, now)
    payment = hear(capture(), charged(60), now)
    assert (payment.status, payment.captured_minor) == ("captured", 60)
    assert not PaymentOperation.objects.filter(kind="refund").exists()
