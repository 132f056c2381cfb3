"""Giving money back: whatever the provider says and whenever, none of it stays and none is lost."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Declined
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, authorizing, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


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

    @pytest.mark.parametrize(("state", "token"), [("pending", 0), ("in_flight", 1)])
    def test_a_void_that_is_asked_for_already_is_kept(
        self, now: datetime, state: str, token: int
    ) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        Payment.objects.update(action_expires_at=now - timedelta(seconds=1))
        hear(operation, ACTION, now)
        void = PaymentOperation.objects.get(kind="void")
        PaymentOperation.objects.filter(id=void.id).update(state=state, token=token)

        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        assert PaymentOperation.objects.get(kind="void").state == state
        decided = hear(void, DONE, now, token=token)
        assert (decided.status, decided.failure_code) == ("failed", "cancelled")
        assert StoredEvent.objects.filter(type="payments.payment_failed").count() == 1
