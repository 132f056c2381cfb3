"""Messages about no payment of ours: waited with, put aside as unmatched, and shown where they move money."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import ProviderMessageRecord, SettlementDifference
from apps.payments.services.handle_messages import GIVE_UP_AFTER, handle_messages
from apps.payments.services.settle_difference import settle_difference
from tests.conftest import make_cause
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import authorizing
from tests.integration.payments.stripe_messages import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

DISPUTE: dict[str, Any] = {
    "object": "dispute",
    "id": "du_1",
    "status": "needs_response",
    "reason": "fraudulent",
    "amount": 500,
    "currency": "eur",
    "payment_intent": "pi_nobodys",
}
REFUND: dict[str, Any] = {
    "object": "refund",
    "id": "re_1",
    "status": "succeeded",
    "amount": 300,
    "currency": "eur",
    "payment_intent": "pi_nobodys",
}
INTENT: dict[str, Any] = {"object": "payment_intent", "id": "pi_nobodys", "metadata": {}}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def late(now: datetime) -> datetime:
    """When nobody waits any longer for the payment."""
    return now + GIVE_UP_AFTER + timedelta(minutes=1)


def put_aside() -> float:
    """Say how many messages were counted as unmatched so far."""
    labels = {"provider": "stripe", "outcome": "unmatched"}
    return REGISTRY.get_sample_value("webhooks_total", labels) or 0


def test_wait_for_their_payment_first(now: datetime) -> None:
    receive(DISPUTE, now)
    handle_messages(now=timezone.now())
    message = ProviderMessageRecord.objects.get()
    assert (message.handled_at, message.is_unmatched, message.attempts) == (None, False, 1)
    assert found() == []


def test_are_matched_where_it_comes_in_time(now: datetime) -> None:
    receive(INTENT, now)
    handle_messages(now=timezone.now())
    payment, _ = authorizing(now)
    payment.authorization = "pi_nobodys"
    payment.save()
    handle_messages(now=now + timedelta(days=2))
    message = ProviderMessageRecord.objects.get()
    assert (message.payment_id, message.is_unmatched) == (payment.id, False)
    assert message.handled_at is not None


def test_are_unmatched_after_three_days_and_said_once(
    now: datetime,
    late: datetime,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    receive(INTENT, now)
    before = put_aside()
    with structlog.testing.capture_logs() as said:
        with django_capture_on_commit_callbacks(execute=True):
            handle_messages(now=late)
            # Nothing is said of what may still be rolled back.
            assert said == []
        handle_messages(now=late + timedelta(days=1))
    message = ProviderMessageRecord.objects.get()
    assert (message.is_unmatched, message.handled_at, message.payment_id) == (True, late, None)
    assert [one["event"] for one in said] == ["message_unmatched"]
    assert put_aside() - before == 1
    # It moves no money that anybody could miss.
    assert found() == []


def test_of_disputes_and_refunds_are_differences(now: datetime, late: datetime) -> None:
    receive(DISPUTE, now)
    receive({**DISPUTE, "status": "lost"}, now)
    receive(REFUND, now)
    handle_messages(now=late)
    assert found() == [
        ("unknown_payment", "dispute:du_1", None, 500, "open"),
        ("unknown_payment", "refund:re_1", None, 300, "open"),
    ]


@pytest.mark.parametrize("told", [{"amount": "much"}, {"amount": -5}, {"currency": "zzz"}])
def test_of_no_amount_are_differences_without_one(
    now: datetime, late: datetime, told: dict[str, object]
) -> None:
    receive({**DISPUTE, **told}, now)
    handle_messages(now=late)
    assert found() == [("unknown_payment", "dispute:du_1", None, None, "open")]


def test_that_name_no_payment_at_all_are_not_waited_with(now: datetime) -> None:
    receive({**DISPUTE, "payment_intent": None}, now)
    receive({"object": "mandate", "id": "m_1"}, now)
    handle_messages(now=timezone.now())
    outcomes = ProviderMessageRecord.objects.order_by("id").values_list("is_unmatched", flat=True)
    assert list(outcomes) == [True, False]
    assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()
    assert [one[1] for one in found()] == ["dispute:du_1"]


def test_share_their_row_with_what_the_report_tells(now: datetime, late: datetime) -> None:
    receive(REFUND, now)
    reconcile([line(SettlementKind.REFUND, reference="re_1", gross=300, at=now)], now)
    (difference,) = SettlementDifference.objects.all()
    assert settle_difference(
        difference_id=difference.id, reason="Another shop's", cause=make_cause(), now=now
    )
    handle_messages(now=late)
    assert found() == [("unknown_payment", "refund:re_1", None, 300, "settled")]


def test_cannot_be_called_so_while_they_wait(now: datetime) -> None:
    receive(INTENT, now)
    with pytest.raises(IntegrityError, match="waits_for_nothing"), transaction.atomic():
        ProviderMessageRecord.objects.update(is_unmatched=True)
