"""Refunds that are heard of before the charge that they are of: they wait for news of it, and are never lost."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import Accepted, Declined, Done, NotMade, Refused
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.undo_payments import undo_payments
from tests.conftest import make_cause
from tests.integration.payments.desk_refunds import send, tell
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


def refunded() -> tuple[str, int, int]:
    payment = Payment.objects.get()
    return payment.status, payment.captured_minor, payment.refunded_minor


class TestARefund:
    @pytest.mark.parametrize("hours", [0, 2])
    def test_counts_once_a_call_that_is_open_has_made_the_charge(
        self, payment: Payment, now: datetime, hours: int
    ) -> None:
        capture = ask(payment, OperationKind.CAPTURE, now)
        hear(capture, Accepted(reference="ch_1"), now)
        tell(payment, now, 30)
        assert refunded() == ("authorized", 0, 0)
        capture.refresh_from_db()
        assert capture.next_at <= timezone.now()

        handle_messages(now=now + timedelta(hours=hours))
        assert not SettlementDifference.objects.exists()
        hear(capture, Done(reference="ch_1"), now)
        handle_messages(now=now + 2 * HOURS)
        assert refunded() == ("partially_refunded", 100, 30)

    def test_is_looked_at_again_within_minutes_however_often_it_was(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        ProviderMessageRecord.objects.update(attempts=20, next_at=now)
        handle_messages(now=now)
        waiting = ProviderMessageRecord.objects.get()
        assert now < waiting.next_at <= now + timedelta(minutes=6)

    def test_waits_for_the_capture_that_is_still_to_come(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        for hours in range(1, 30):
            handle_messages(now=now + timedelta(hours=hours))
        assert not looks()
        hear(ask(payment, OperationKind.CAPTURE, now), Done(reference="ch_desk"), now)
        handle_messages(now=now + timedelta(hours=31))
        assert refunded() == ("partially_refunded", 100, 30)
        assert not SettlementDifference.objects.exists()

    def test_of_a_payment_that_is_let_go_uncharged_is_a_difference(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(PaymentOperation.objects.get(kind="void"), Done(reference="v"), now)
        handle_messages(now=now + HOURS)
        assert refunded() == ("voided", 0, 0)
        assert SettlementDifference.objects.get().found_minor == 30


@pytest.mark.usefixtures("charged_on_request")
class TestTheChargeOfIt:
    def test_is_looked_for_once_and_once_more_in_the_end(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        hear(looks()[0], NotMade(), now)
        for minutes in range(5, 55, 5):
            handle_messages(now=now + timedelta(minutes=minutes))
        assert len(looks()) == 1
        handle_messages(now=now + HOURS)
        assert len(looks()) == 2
        assert not SettlementDifference.objects.exists()

        hear(looks()[1], NotMade(), now + HOURS)
        handle_messages(now=now + 2 * HOURS)
        assert len(looks()) == 2
        assert SettlementDifference.objects.get().found_minor == 30

    def test_may_be_found_by_the_last_look(self, payment: Payment, now: datetime) -> None:
        tell(payment, now, 30)
        hear(looks()[0], Refused(code="gateway_misused", detail=""), now)
        handle_messages(now=now + HOURS)
        hear(looks()[1], Done(reference="ch_desk"), now + HOURS)
        handle_messages(now=now + 2 * HOURS)
        assert refunded() == ("partially_refunded", 100, 30)
        assert not SettlementDifference.objects.exists()

    def test_is_looked_for_first_where_nobody_was_at_work_for_hours(
        self, payment: Payment, now: datetime
    ) -> None:
        send(payment, now, 30)
        handle_messages(now=now + HOURS)
        assert not SettlementDifference.objects.exists()
        hear(looks()[0], Done(reference="ch_desk"), now + HOURS)
        handle_messages(now=now + 2 * HOURS)
        assert refunded() == ("partially_refunded", 100, 30)

    def test_is_looked_for_by_the_age_of_each_message(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30, id="re_old")
        hear(looks()[0], NotMade(), now)
        ProviderMessageRecord.objects.update(received_at=now - HOURS, next_at=now)
        tell(payment, now, 20, id="re_new")
        handle_messages(now=now + timedelta(minutes=10))
        waiting = ProviderMessageRecord.objects.get(handled_at=None)
        assert waiting.refund is not None
        assert waiting.refund["reference"] == "re_new"
        assert SettlementDifference.objects.get().subject == "refund:re_old"

    def test_costs_no_statement_a_payment(self, now: datetime) -> None:
        counts = []
        for nth in (1, 9):
            for _ in range(nth):
                _, operation = authorizing(now)
                payment = hear(operation, Done(reference=f"pi_{operation.id}"), now)
                send(payment, now, 30, id=f"re_{operation.id}")
            with CaptureQueriesContext(connection) as queries:
                handle_messages(now=timezone.now())
            assert len(looks()) == Payment.objects.count()
            counts.append(len(queries))
        assert counts[0] == counts[1]


@pytest.mark.usefixtures("charged_on_request")
class TestACancellationMeanwhile:
    def test_goes_on_once_there_turns_out_to_be_no_charge(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        assert not PaymentOperation.objects.filter(kind="void").exists()
        hear(looks()[0], NotMade(), now)
        assert PaymentOperation.objects.get(kind="void").state == "pending"

    def test_goes_on_also_where_it_was_asked_before_whether_it_was_let_go(
        self, payment: Payment, now: datetime
    ) -> None:
        ended = ask(payment, OperationKind.VOID, now)
        PaymentOperation.objects.filter(id=ended.id).update(state="failed", only_looks=True)
        tell(payment, now, 30)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(looks()[0], NotMade(), now)
        assert PaymentOperation.objects.get(kind="void", only_looks=False).state == "pending"

    def test_is_not_put_off_by_a_look_where_its_void_is_to_be_tried_again(
        self, payment: Payment, now: datetime
    ) -> None:
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(PaymentOperation.objects.get(kind="void"), Declined(code="no", detail="No."), now)
        due = Payment.objects.get().undo_at
        assert due is not None
        tell(payment, now, 30)
        later = hear(looks()[0], NotMade(), now + timedelta(minutes=5))
        assert later.undo_at == due
