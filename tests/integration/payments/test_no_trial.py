"""What the breaker does not count: calls that end without a request are no trial of it when it is half open,
and what is wrong with a call of ours is no failure of the provider."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.adapters import registry
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Done
from apps.payments.services.dispatch_operations import dispatch_operations, gate_named
from apps.payments.services.operations import new_operation
from apps.platform import valkey
from apps.platform.resilience.breaker import BreakerSettings, Status, Transition
from apps.platform.resilience.gate import Gate
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear, message

pytestmark = pytest.mark.django_db

TRIALS = BreakerSettings().trial_calls


@pytest.fixture
def now() -> datetime:
    """Calls are due by the database's clock."""
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Stripe's gate after an outage, about to let trial calls start."""
    with opened_gate("stripe", monkeypatch) as gate:
        yield gate


@contextmanager
def opened_gate(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    valkey.client().flushdb()
    monkeypatch.setitem(registry.BREAKERS, name, BreakerSettings(open_ms=1))
    gate_named.cache_clear()
    gate = gate_named(name)
    failing = gate.permits(BreakerSettings().failures_in_a_row, timezone.now())
    assert gate.record([], failing, timezone.now()) is Transition.OPENED
    time.sleep(0.01)
    yield gate
    gate_named.cache_clear()
    valkey.client().flushdb()


def insist_that_all_trials_are_left(gate: Gate) -> None:
    """Make the trial calls of a breaker: it closes with the last one, and not before."""
    leases = gate.permits(9, timezone.now())
    assert (gate.state(timezone.now()).status, len(leases)) == (Status.HALF_OPEN, TRIALS)
    *first, last = leases
    assert gate.record(first, [], timezone.now()) is None
    assert gate.record([last], [], timezone.now()) is Transition.CLOSED


def authorized(now: datetime, provider: str = "stripe") -> Payment:
    payment, operation = authorizing(now)
    Payment.objects.filter(id=payment.id).update(provider=provider)
    return hear(operation, DONE, now)


def in_doubt(payment: Payment, kind: OperationKind, made_at: datetime) -> PaymentOperation:
    """Store a call of which nobody knows yet how it ended."""
    operation = ask(payment, kind, made_at)
    PaymentOperation.objects.filter(id=operation.id).update(state="unknown")
    return operation


class TestACallThatAsksNothing:
    def test_is_no_trial_where_the_provider_has_no_such_call(
        self, gate: Gate, now: datetime
    ) -> None:
        renewal = ask(authorized(now), OperationKind.RENEW, now)
        assert dispatch_operations(gate_name="stripe") == 1
        renewal.refresh_from_db()
        assert (renewal.state, renewal.error_code) == ("declined", "not_offered")
        insist_that_all_trials_are_left(gate)

    def test_is_no_trial_where_the_news_have_told(
        self, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        with opened_gate("adyen", monkeypatch) as gate:
            payment = authorized(now, "adyen")
            in_doubt(payment, OperationKind.CAPTURE, now)
            told = message(payment, now)
            told.facts = {
                "event": "CAPTURE",
                "success": True,
                "pspReference": "CAP",
                "value": 100,
                "currency": "EUR",
            }
            told.save()
            assert dispatch_operations(gate_name="adyen") == 1
            assert Payment.objects.get().status == "captured"
            insist_that_all_trials_are_left(gate)

    def test_is_no_trial_where_the_amount_cannot_be_written(
        self, gate: Gate, now: datetime
    ) -> None:
        payment, operation = authorizing(now)
        # Of three decimals Stripe takes two.
        Payment.objects.filter(id=payment.id).update(currency="BHD", amount_minor=1001)
        PaymentOperation.objects.filter(id=operation.id).update(amount_minor=1001)
        assert dispatch_operations(gate_name="stripe") == 1
        operation.refresh_from_db()
        assert (operation.state, operation.error_code) == ("failed", "gateway_misused")
        insist_that_all_trials_are_left(gate)

    def test_is_no_trial_where_it_is_not_to_be_made_any_more(
        self, gate: Gate, now: datetime
    ) -> None:
        payment = captured(now)
        payment = hear(ask(payment, OperationKind.REFUND, now), Done(reference="re_1"), now)
        too_much = new_operation(
            payment, OperationKind.REFUND, amount_minor=100, nth=2, cause=make_cause(), now=now
        )
        too_much.save()
        assert dispatch_operations(gate_name="stripe") == 1
        too_much.refresh_from_db()
        assert (too_much.state, too_much.error_code) == ("failed", "overtaken")
        insist_that_all_trials_are_left(gate)


def test_a_call_of_which_only_news_can_tell_is_no_failure(now: datetime) -> None:
    valkey.client().flushdb()
    gate_named.cache_clear()
    lost = in_doubt(authorized(now, "adyen"), OperationKind.CAPTURE, now - timedelta(days=7))
    assert dispatch_operations(gate_name="adyen") == 1
    lost.refresh_from_db()
    assert (lost.state, lost.attempts) == ("unknown", 1)
    assert gate_named("adyen").state(timezone.now()).recent_failures == 0


class TestACallThatIsWrong:
    def test_leaves_the_breaker_of_a_provider_that_answers_closed(
        self, stripe: SimulatedStripe, now: datetime
    ) -> None:
        valkey.client().flushdb()
        gate_named.cache_clear()
        # Stripe knows no such intent, so looking for its charge brings nothing to light.
        capture = in_doubt(authorized(now), OperationKind.CAPTURE, now)
        for _ in range(BreakerSettings().failures_in_a_row + 1):
            PaymentOperation.objects.filter(id=capture.id).update(next_at=now)
            assert dispatch_operations(gate_name="stripe") == 1
            capture.refresh_from_db()
            assert capture.state == "unknown"
        assert len(stripe.requests_to("GET", "/v1/payment_intents/pi_1")) == capture.attempts
        state = gate_named("stripe").state(timezone.now())
        assert (state.status, state.recent_failures) == (Status.CLOSED, 0)

    def test_leaves_it_to_failures_of_the_provider(
        self, stripe: SimulatedStripe, now: datetime
    ) -> None:
        valkey.client().flushdb()
        gate_named.cache_clear()
        in_doubt(authorized(now), OperationKind.CAPTURE, now)
        with stripe.faults(error_rate=1):
            assert dispatch_operations(gate_name="stripe") == 1
        assert gate_named("stripe").state(timezone.now()).recent_failures == 1
