"""Refunds that a person settles, because the provider's way is closed."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.models import LedgerEntry, Payment, PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.settle_refund import settle_refund
from apps.payments.services.undo_again import undo_what_is_due
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import captured, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def stuck(now: datetime) -> Payment:
    """A payment whose refund the provider has refused."""
    payment = captured(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    refund = PaymentOperation.objects.get(kind="refund")
    return hear(refund, Declined(code="account_closed", detail="The account is closed."), now)


def settle(payment: Payment, now: datetime) -> Payment | None:
    return settle_refund(payment_id=payment.id, cause=make_cause(), now=now)


def test_counts_as_refunded_and_is_not_tried_again(stuck: Payment, now: datetime) -> None:
    settled = settle(stuck, now)
    assert settled is not None
    assert (settled.status, settled.refunded_minor) == ("refunded", 100)
    assert undo_what_is_due(now=now + timedelta(days=2)) == 0
    assert StoredEvent.objects.filter(type="payments.payment_refunded").count() == 1
    assert LedgerEntry.objects.latest("id").to_account == "customer"
    assert settle(stuck, now) is None


def test_waits_for_a_call_under_way(now: datetime) -> None:
    payment = captured(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    assert settle(payment, now) is None
    hear(PaymentOperation.objects.get(kind="refund"), Done(reference="re_1"), now)
    assert settle(payment, now) is None


def test_changes_nothing_where_nothing_is_owed(now: datetime) -> None:
    assert settle(captured(now), now) is None


def test_is_not_doubted_by_news_of_the_provider(stuck: Payment, now: datetime) -> None:
    settle(stuck, now)
    review_setbacks(about={stuck.id: ()}, now=now)
    by_hand = PaymentOperation.objects.get(reference="by hand")
    assert by_hand.state == "succeeded"
