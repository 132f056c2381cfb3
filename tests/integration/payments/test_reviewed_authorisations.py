"""Authorisations that their provider takes, and decides on later: that is told once."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Accepted, NotKnown
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, ask, authorizing, hear

pytestmark = pytest.mark.django_db

TAKEN = Accepted(reference=ACTION.reference)
OTHERWISE_NAMED = Accepted(reference="psp_2")


def told(payment: Payment) -> list[dict[str, Any]]:
    """Give what was published of a review of a payment."""
    events = StoredEvent.objects.filter(type="payments.payment_under_review")
    return [one.payload for one in events if one.payload["payment_id"] == str(payment.id)]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestTelling:
    def test_happens_when_the_provider_has_it_first(self, now: datetime) -> None:
        payment, operation = authorizing(now)

        payment = hear(operation, TAKEN, now)

        assert told(payment) == [
            {
                "payment_id": str(payment.id),
                "order_id": str(payment.order_id),
                "provider": "stripe",
            }
        ]
        assert payment.status == "pending"
        assert payment.history.get().what == "The provider is at the authorize"

    @pytest.mark.parametrize(
        "answers",
        [
            (TAKEN, TAKEN),
            (TAKEN, OTHERWISE_NAMED, TAKEN),
            (NotKnown(), TAKEN, NotKnown(), TAKEN),
            (ACTION, TAKEN, TAKEN),
            (ACTION, OTHERWISE_NAMED, TAKEN),
            (ACTION, TAKEN, ACTION, TAKEN),
            (ACTION, NotKnown(), TAKEN),
        ],
    )
    def test_happens_once_whatever_is_said_again(self, now: datetime, answers: Any) -> None:
        payment, operation = authorizing(now)
        for one in answers:
            payment = hear(operation, one, now)
        assert len(told(payment)) == 1
        assert payment.action_url == ""

    def test_happens_again_only_after_the_customer_was_asked_anew(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        for one in (TAKEN, ACTION, TAKEN, TAKEN):
            payment = hear(operation, one, now)
        assert len(told(payment)) == 2

    def test_happens_not_of_what_nobody_wants_any_more(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        PaymentOperation.objects.update(state="in_flight")
        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        payment = hear(operation, TAKEN, now)

        assert told(payment) == []
        assert payment.history.latest("position").what == "The provider is at the authorize"

    def test_happens_not_of_other_calls(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        hear(ask(payment, OperationKind.CAPTURE, now), Accepted(reference="ch_1"), now)
        assert told(payment) == []

    def test_leaves_a_void_that_is_taken_meanwhile_one_step(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        void = PaymentOperation.objects.get(kind="void")
        for _ in range(3):
            payment = hear(void, Accepted(reference="v_1"), now)
        assert payment.history.filter(what="The provider is at the void").count() == 1
