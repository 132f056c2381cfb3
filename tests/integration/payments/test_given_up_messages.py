"""Messages that could not be handled and were given up: nothing of what they tell counts any more."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import Accepted
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.give_up_message import give_up_message
from apps.payments.services.handle_messages import handle_messages
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear, message
from tests.integration.payments.stripe_messages import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def give_up(record: ProviderMessageRecord, now: datetime) -> None:
    """Have handling it fail, and a person say that nothing more is to be tried."""
    ProviderMessageRecord.objects.filter(id=record.id).update(failure="KeyError", attempts=1)
    assert give_up_message(message_id=record.id, now=now)


def hear_of_refund(status: str, now: datetime) -> None:
    refund: dict[str, Any] = {"object": "refund", "id": "re_desk", "amount": 30, "currency": "eur"}
    receive({**refund, "status": status, "payment_intent": "pi_1", "metadata": {}}, now)


def test_are_not_told_to_look_ups(now: datetime) -> None:
    payment, operation = authorizing(now)
    hear(operation, DONE, now)
    capture = ask(payment, OperationKind.CAPTURE, now)
    hear(capture, Accepted(reference="mod_1"), now)
    for name in ("CAPTURE", "CAPTURE_FAILED"):
        record = message(payment, now, name)
        record.facts = {"event": name}
        record.save()
    give_up(record, now)
    PaymentOperation.objects.filter(id=capture.id).update(next_at=now - timedelta(minutes=1))
    (claimed,) = claim_operations(gate="stripe", at_most=5)
    assert claimed.call.told == ({"event": "CAPTURE"},)


@pytest.mark.parametrize(("is_given_up", "refunded"), [(True, 30), (False, 0)])
def test_leave_a_refund_that_they_call_failed(
    now: datetime, is_given_up: bool, refunded: int
) -> None:
    captured(now)
    hear_of_refund("failed", now)
    record = ProviderMessageRecord.objects.get()
    # It was matched, as it is together with a failure.
    ProviderMessageRecord.objects.update(payment_id=Payment.objects.get().id)
    if is_given_up:
        give_up(record, now)
    else:
        ProviderMessageRecord.objects.update(handled_at=now)
    hear_of_refund("succeeded", now)
    handle_messages(now=timezone.now())
    assert Payment.objects.get().refunded_minor == refunded
