"""A customer who comes back while a look-up is under way that knows nothing of it yet."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Accepted
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.look_again import look_again
from tests.integration.payments.story import ACTION, DONE, authorizing, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def looking(now: datetime) -> tuple[Payment, PaymentOperation]:
    """Store a payment that waits for its customer, with a worker looking it up."""
    payment, operation = authorizing(now)
    hear(operation, ACTION, now)
    look_again(payment_ids=[payment.id], now=now)
    (claimed,) = claim_operations(gate="stripe", at_most=5)
    assert claimed.looks_first
    operation.refresh_from_db()
    return payment, operation


class TestAskingAgain:
    def test_has_it_looked_up_once_more(self, now: datetime) -> None:
        payment, operation = looking(now)
        assert look_again(payment_ids=[payment.id], now=now)
        assert claim_operations(gate="stripe", at_most=5) == []

        assert hear(operation, ACTION, now).status == "requires_action"

        operation.refresh_from_db()
        assert (operation.state, operation.next_at) == ("waiting", now)
        assert len(claim_operations(gate="stripe", at_most=5)) == 1

    def test_is_not_made_up(self, now: datetime) -> None:
        payment, operation = looking(now)
        payment = hear(operation, ACTION, now)
        operation.refresh_from_db()
        assert operation.next_at == payment.action_expires_at

    def test_brings_no_second_look_where_the_first_brought_the_outcome(self, now: datetime) -> None:
        payment, operation = looking(now)
        look_again(payment_ids=[payment.id], now=now)
        assert hear(operation, DONE, now).status == "authorized"
        assert claim_operations(gate="stripe", at_most=5) == []

    def test_counts_also_while_the_provider_is_at_it(self, now: datetime) -> None:
        payment, operation = looking(now)
        look_again(payment_ids=[payment.id], now=now)
        hear(operation, Accepted(reference="mod_1"), now)
        operation.refresh_from_db()
        assert (operation.state, operation.next_at) == ("waiting", now)

    def test_waits_for_the_lease_of_a_worker_that_died(self, now: datetime) -> None:
        payment, _ = looking(now)
        look_again(payment_ids=[payment.id], now=now)
        assert claim_operations(gate="stripe", at_most=5) == []
        PaymentOperation.objects.update(lease_until=now - timedelta(seconds=1))
        assert len(claim_operations(gate="stripe", at_most=5)) == 1

    def test_is_remembered_when_the_lease_was_ended_meanwhile(self, now: datetime) -> None:
        payment, operation = looking(now)
        look_again(payment_ids=[payment.id], now=now)
        PaymentOperation.objects.update(lease_until=None)
        hear(operation, ACTION, now)
        operation.refresh_from_db()
        assert operation.next_at == now
