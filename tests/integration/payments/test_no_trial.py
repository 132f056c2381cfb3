"""Calls that end without a request to the provider: they are no trial of a breaker that is half open."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.adapters import registry
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment
from apps.payments.ports import Done
from apps.payments.services.dispatch_operations import dispatch_operations, gate_named
from apps.payments.services.operations import new_operation
from apps.platform import valkey
from apps.platform.resilience.breaker import BreakerSettings, Status, Transition
from apps.platform.resilience.gate import Gate
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear

pytestmark = pytest.mark.django_db

TRIALS = BreakerSettings().trial_calls


@pytest.fixture
def now() -> datetime:
    """Calls are due by the database's clock."""
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Stripe's gate after an outage, about to let trial calls start."""
    valkey.client().flushdb()
    monkeypatch.setitem(registry.BREAKERS, "stripe", BreakerSettings(open_ms=1))
    gate_named.cache_clear()
    gate = gate_named("stripe")
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


def authorized(now: datetime) -> Payment:
    _, operation = authorizing(now)
    return hear(operation, DONE, now)


class TestACallThatAsksNothing:
    def test_is_no_trial_where_the_provider_has_no_such_call(
        self, gate: Gate, now: datetime
    ) -> None:
        renewal = ask(authorized(now), OperationKind.RENEW, now)
        assert dispatch_operations(gate_name="stripe") == 1
        renewal.refresh_from_db()
        assert (renewal.state, renewal.error_code) == ("declined", "not_offered")
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
