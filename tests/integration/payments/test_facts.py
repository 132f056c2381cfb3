"""News of a payment in every order in which they can come: money moves once, and nothing breaks."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import ActionRequired, Declined, Done, NothingHappened, NotKnown
from apps.payments.services.apply_gateway_facts import GatewayFact, apply_gateway_facts
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.operations import new_operation
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause

pytestmark = pytest.mark.django_db

ACTION = ActionRequired(reference="pi_1", redirect_url="https://bank.example")
DONE = Done(reference="pi_1", brand="visa", last4="4242")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def authorizing(now: datetime) -> tuple[Payment, PaymentOperation]:
    """Store a payment whose authorisation is still to be made."""
    payment = Payment.objects.create(
        order_id=uuid.uuid4(),
        order_number="X",
        customer_id=uuid.uuid4(),
        amount_minor=100,
        currency="EUR",
        provider="stripe",
        method_type="card",
        method_token="pm_card_visa",
        created_at=now,
        updated_at=now,
    )
    operation = new_operation(
        payment, OperationKind.AUTHORIZE, amount_minor=100, cause=make_cause(), now=now
    )
    operation.save()
    return payment, operation


def hear(operation: PaymentOperation, result: Any, now: datetime, token: int = 0) -> Payment:
    apply_gateway_facts(
        facts=[
            GatewayFact(
                operation_id=operation.id,
                payment_id=operation.payment_id,
                token=token,
                result=result,
            )
        ],
        now=now,
    )
    return Payment.objects.get(id=operation.payment_id)


def message(payment: Payment, now: datetime, event_id: str = "e") -> ProviderMessageRecord:
    return ProviderMessageRecord.objects.create(
        provider="stripe",
        event_id=event_id,
        kind="payment_intent.x",
        reference=f"pi_{event_id}",
        payment_id=payment.id,
        received_at=now,
        next_at=now,
    )


class TestFacts:
    def test_the_same_fact_again_changes_and_publishes_nothing(self, now: datetime) -> None:
        _, operation = authorizing(now)
        for _ in range(3):
            assert hear(operation, DONE, now).status == "authorized"
        assert StoredEvent.objects.filter(type="payments.payment_authorized").count() == 1

    def test_a_decline_after_the_authorisation_is_not_believed(self, now: datetime) -> None:
        _, operation = authorizing(now)
        hear(operation, DONE, now)
        assert hear(operation, Declined(code="x", detail="x"), now).status == "authorized"

    def test_the_answer_to_an_older_attempt_is_dropped(self, now: datetime) -> None:
        _, operation = authorizing(now)
        PaymentOperation.objects.update(token=2)
        assert hear(operation, DONE, now, token=1).status == "pending"
        assert hear(operation, DONE, now, token=2).status == "authorized"

    def test_nothing_happened_is_tried_again_later_with_the_same_key(self, now: datetime) -> None:
        _, operation = authorizing(now)
        key = operation.idempotency_key
        hear(operation, NothingHappened(code="down"), now)
        operation.refresh_from_db()
        assert (operation.state, operation.idempotency_key) == ("pending", key)
        assert operation.next_at > now

    def test_an_unknown_outcome_is_looked_up_before_anything_else(self, now: datetime) -> None:
        _, operation = authorizing(now)
        hear(operation, NotKnown(), now)
        PaymentOperation.objects.update(next_at=now - timedelta(seconds=5))
        (claimed,) = claim_operations(gate="stripe", at_most=5)
        assert claimed.looks_first
        assert claimed.call.idempotency_key == operation.idempotency_key

    def test_what_a_dead_worker_left_in_flight_is_looked_up_too(self, now: datetime) -> None:
        authorizing(now)
        (first,) = claim_operations(gate="stripe", at_most=5)
        assert not first.looks_first
        assert claim_operations(gate="stripe", at_most=5) == []
        over = now - timedelta(seconds=1)
        PaymentOperation.objects.update(lease_until=over, next_at=over)
        (second,) = claim_operations(gate="stripe", at_most=5)
        assert (second.looks_first, second.token) == (True, first.token + 1)


class TestUndoing:
    def test_while_the_customer_is_asked_the_late_news_break_nothing(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        void = PaymentOperation.objects.get(kind="void")
        assert hear(void, DONE, now).status == "failed"
        late = Declined(code="canceled", detail="Cancelled.", reference="pi_1")
        assert hear(operation, late, now).status == "failed"
        assert StoredEvent.objects.filter(type="payments.payment_failed").count() == 1

    def test_an_authorisation_that_comes_after_all_is_voided(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        PaymentOperation.objects.update(state="in_flight", token=1)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(operation, DONE, now, token=1)
        void = PaymentOperation.objects.get(kind="void")
        assert hear(void, DONE, now).status == "voided"
        published = StoredEvent.objects.values_list("type", flat=True)
        assert list(published) == ["payments.payment_voided"]


class TestMessages:
    def test_of_payments_without_a_reference_are_all_matched(self, now: datetime) -> None:
        for number in range(3):
            payment, _ = authorizing(now)
            message(payment, now, f"e{number}")
        assert handle_messages(now=now) == 3
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()

    def test_while_a_call_is_under_way_wait_for_its_answer(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        PaymentOperation.objects.update(state="in_flight", token=1)
        message(payment, now)
        handle_messages(now=now)
        hear(operation, ACTION, now, token=1)
        handle_messages(now=now + timedelta(seconds=2))
        operation.refresh_from_db()
        assert operation.next_at <= now + timedelta(seconds=2)

    def test_of_an_unknown_payment_wait_and_are_given_up_after_three_days(
        self, now: datetime
    ) -> None:
        payment, _ = authorizing(now)
        stored = message(payment, now)
        ProviderMessageRecord.objects.update(payment_id=uuid.uuid4())
        handle_messages(now=now)
        stored.refresh_from_db()
        assert stored.handled_at is None
        handle_messages(now=now + timedelta(days=4))
        stored.refresh_from_db()
        assert stored.handled_at is not None
