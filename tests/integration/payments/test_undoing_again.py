"""Money that a provider refused to give back: it is tried again, by itself and by hand."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.admin.panels import attention_of
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Declined, Done, Refused
from apps.payments.services.undo_again import undo_again, undo_what_is_due
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, authorizing, captured, hear

pytestmark = pytest.mark.django_db

NO = Declined(code="expired_or_canceled_card", detail="The money could not be sent back.")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def refused_refund(now: datetime) -> Payment:
    """Charge a payment, call it off, and have its refund refused."""
    payment = captured(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    return hear(PaymentOperation.objects.get(kind="refund"), NO, now)


def newest(kind: str) -> PaymentOperation:
    return PaymentOperation.objects.filter(kind=kind).order_by("-id")[0]


class TestTheSweep:
    def test_tries_again_with_a_new_key_once_the_pause_is_over(self, now: datetime) -> None:
        payment = refused_refund(now)
        assert payment.undo_at == now + timedelta(minutes=10)
        assert undo_what_is_due(now=now + timedelta(minutes=9)) == 0

        assert undo_what_is_due(now=now + timedelta(minutes=10)) == 1

        again = newest("refund")
        assert (again.nth, again.state, again.amount_minor) == (2, "unknown", 100)
        assert again.idempotency_key == f"{payment.id}:refund:2"
        assert hear(again, Done(reference="re_2"), now).status == "refunded"
        assert undo_what_is_due(now=now + timedelta(days=9)) == 0

    def test_pauses_longer_each_time(self, now: datetime) -> None:
        refused_refund(now)
        for minutes in (20, 40, 80):
            undo_what_is_due(now=now + timedelta(days=1))
            payment = hear(newest("refund"), NO, now)
            assert payment.undo_at == now + timedelta(minutes=minutes)
        told = StoredEvent.objects.filter(type="payments.payment_refund_failed")
        assert told.count() == 4

    def test_takes_back_an_offer_whose_void_was_refused(self, now: datetime) -> None:
        _, operation = authorizing(now)
        hear(operation, ACTION, now)
        Payment.objects.update(action_expires_at=now - timedelta(seconds=1))
        hear(operation, ACTION, now)
        hear(PaymentOperation.objects.get(kind="void"), Refused(code="x", detail="x"), now)

        assert undo_what_is_due(now=now + timedelta(hours=1)) == 1

        assert hear(newest("void"), DONE, now).failure_code == "action_expired"

    def test_is_not_needed_once_an_order_that_is_called_off_asks(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        Payment.objects.update(action_expires_at=now - timedelta(seconds=1))
        hear(operation, ACTION, now)
        hear(PaymentOperation.objects.get(kind="void"), Refused(code="x", detail="x"), now)

        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        assert newest("void").nth == 2
        assert undo_what_is_due(now=now + timedelta(hours=1)) == 0


class TestByHand:
    def test_tries_again_at_once_and_only_once(self, now: datetime) -> None:
        payment = refused_refund(now)
        cause = make_cause("agent:7")
        assert undo_again(causes={payment.id: cause}, now=now) == 1
        assert undo_again(causes={payment.id: cause}, now=now) == 0
        assert newest("refund").actor == "agent:7"

    def test_does_nothing_for_a_payment_that_is_wanted(self, now: datetime) -> None:
        payment = captured(now)
        assert undo_again(causes={payment.id: make_cause()}, now=now) == 0
        assert not PaymentOperation.objects.filter(kind="refund").exists()


class TestAttention:
    def test_is_asked_for_until_the_next_try(self, now: datetime) -> None:
        payment = refused_refund(now)
        calls = PaymentOperation.objects.order_by("id")
        assert "refused the refund: The money could not be sent back." in attention_of(
            payment, calls
        )
        undo_again(causes={payment.id: make_cause()}, now=now)
        assert attention_of(payment, calls.all()) == ""
