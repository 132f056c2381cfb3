"""A pass over messages locks the payments that it changes in one order, whatever they tell of each."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.payments.models import Dispute, Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.review_setbacks import review_setbacks
from apps.platform.bulk import lock_many
from tests.integration.payments.story import captured, message
from tests.waiting import blocks_another_session, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stripe_in_use")]


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(seconds=1)


def tells_of_dispute(payment: Payment, now: datetime) -> None:
    """Store a message by which a charge is disputed."""
    news = {"reference": "du_1", "state": "opened", "amount_minor": 100}
    record = message(payment, now, "dispute")
    ProviderMessageRecord.objects.filter(id=record.id).update(
        dispute={**news, "reason": "fraudulent", "currency": "EUR"}
    )


def contradicts(payment: Payment, now: datetime, *, is_setback: bool = False) -> None:
    """Store a message by which a charge was not made that a person has closed as done."""
    PaymentOperation.objects.filter(payment=payment, kind="capture").update(
        error_code="closed_by_hand"
    )
    record = message(payment, now, "contradiction", is_setback=is_setback)
    ProviderMessageRecord.objects.filter(id=record.id).update(was_done=False, call_reference="ch_1")


def is_free(payment: Payment) -> bool:
    """Whether nobody holds the row."""
    free = Payment.objects.select_for_update(skip_locked=True).filter(id=payment.id)
    return free.exists()


def kept_waiting(work: Callable[[], object], *, first: Payment, then: Payment) -> bool:
    """Hold the first payment while the work runs; says whether it holds the other one meanwhile."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        lock_many(Payment, [first.id])
        thread.start()
        wait_until(blocks_another_session)
        holds = not is_free(then)
    thread.join()
    return holds


def handle() -> None:
    handle_messages(now=timezone.now())


class TestAPass:
    def test_waits_for_the_first_payment_before_it_locks_another(self, now: datetime) -> None:
        first, then = captured(now), captured(now)
        contradicts(first, now)
        tells_of_dispute(then, now)

        assert not kept_waiting(handle, first=first, then=then)

        assert Dispute.objects.get().payment_id == then.id
        what = "The provider says that the capture was not done"
        assert first.history.filter(what=what).count() == 1

    def test_over_setbacks_does_so_too(self, now: datetime) -> None:
        first, then = captured(now), captured(now)
        message(first, now, "setback", is_setback=True)
        contradicts(then, now, is_setback=True)

        assert not kept_waiting(handle, first=first, then=then)

        assert first.history.filter(what="Capture in doubt").count() == 1

    def test_would_hold_the_other_one_by_locks_taken_bit_by_bit(self, now: datetime) -> None:
        first, then = captured(now), captured(now)

        def bit_by_bit() -> None:
            with transaction.atomic():
                lock_many(Payment, [then.id])
                review_setbacks(about={first.id: set()}, now=timezone.now())

        assert kept_waiting(bit_by_bit, first=first, then=then)
