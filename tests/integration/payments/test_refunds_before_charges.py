"""Refunds that are heard of before the charge that they are of: they wait for news of it, and only so long."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import Accepted, Declined, Done, NotMade
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.undo_payments import undo_payments
from tests.conftest import make_cause
from tests.integration.payments.desk_refunds import tell
from tests.integration.payments.story import DONE, ask, authorizing, hear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

HOURS = timedelta(hours=2)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    _, operation = authorizing(now)
    return hear(operation, DONE, now)


def looks() -> list[PaymentOperation]:
    return list(PaymentOperation.objects.filter(kind="capture", only_looks=True).order_by("nth"))


def test_counts_once_the_charge_is_known(payment: Payment, now: datetime) -> None:
    capture = ask(payment, OperationKind.CAPTURE, now)
    payment = hear(capture, Accepted(reference="ch_1"), now)
    assert tell(payment, now, 30).refunded_minor == 0
    capture.refresh_from_db()
    assert capture.next_at <= timezone.now()

    hear(capture, Done(reference="ch_1"), now)
    handle_messages(now=timezone.now() + timedelta(minutes=2))
    assert Payment.objects.get().refunded_minor == 30


def test_of_a_payment_that_was_never_charged_is_a_difference(
    payment: Payment, now: datetime
) -> None:
    assert tell(payment, now, 30).status == "authorized"
    assert not SettlementDifference.objects.exists()
    handle_messages(now=now + HOURS)
    assert SettlementDifference.objects.get().found_minor == 30


def test_waits_by_its_own_age(payment: Payment, now: datetime) -> None:
    tell(payment, now, 30, id="re_old")
    ProviderMessageRecord.objects.update(received_at=now - HOURS, next_at=now)
    tell(payment, now, 20, id="re_new")
    waiting = ProviderMessageRecord.objects.get(handled_at=None)
    assert waiting.refund is not None
    assert waiting.refund["reference"] == "re_new"
    assert SettlementDifference.objects.get().subject == "refund:re_old"


def test_is_looked_at_again_within_minutes_however_often_it_was(
    payment: Payment, now: datetime
) -> None:
    tell(payment, now, 30)
    ProviderMessageRecord.objects.update(attempts=20, next_at=now)
    handle_messages(now=now)
    waiting = ProviderMessageRecord.objects.get()
    assert now < waiting.next_at <= now + timedelta(minutes=6)


@pytest.mark.usefixtures("charged_on_request")
class TestWhoeverTellsOfOne:
    def test_has_the_charge_looked_for_once_and_once_more_in_the_end(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        for minutes in range(5, 50, 5):
            for look in looks():
                hear(look, NotMade(), now)
            handle_messages(now=now + timedelta(minutes=minutes))
        assert len(looks()) == 1
        assert not ProviderMessageRecord.objects.filter(handled_at__isnull=False).exists()
        handle_messages(now=now + HOURS)
        assert len(looks()) == 2
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()

    def test_does_not_put_off_the_void_that_is_to_be_tried_again(
        self, payment: Payment, now: datetime
    ) -> None:
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(PaymentOperation.objects.get(kind="void"), Declined(code="no", detail="No."), now)
        due = Payment.objects.get().undo_at
        assert due is not None
        payment = tell(payment, now, 30)
        later = hear(looks()[0], NotMade(), now + timedelta(minutes=5))
        assert later.undo_at == due
