"""How many payments owe money that does not go back, as Prometheus is told."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.queries import refresh_gauges
from apps.payments.services.undo_again import undo_again
from tests.conftest import make_cause
from tests.integration.payments.story import ask, authorizing, captured, hear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

NO = Declined(code="declined", detail="The card was closed.")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def refund(now: datetime) -> PaymentOperation:
    """A refund that is about to be made, of an order that was called off."""
    payment = captured(now)
    Payment.objects.update(is_unwanted=True)
    return ask(payment, OperationKind.REFUND, now)


def stuck() -> float | None:
    """Read the metric as it is shown now."""
    refresh_gauges()
    return REGISTRY.get_sample_value("refunds_stuck", {"gateway": "stripe"})


class TestStuckRefunds:
    def test_are_none_while_one_is_being_made(self, refund: PaymentOperation) -> None:
        assert stuck() == 0

    def test_are_those_that_a_provider_refused_until_they_are_made(
        self, refund: PaymentOperation, now: datetime
    ) -> None:
        payment = hear(refund, NO, now)
        assert stuck() == 1

        undo_again(causes={payment.id: make_cause()}, now=now)
        hear(PaymentOperation.objects.latest("id"), Done(reference="re_2"), now)
        assert stuck() == 0

    @pytest.mark.parametrize("state", ["pending", "unknown", "waiting"])
    def test_are_those_that_are_open_for_an_hour(
        self, refund: PaymentOperation, now: datetime, state: str
    ) -> None:
        calls = PaymentOperation.objects.filter(id=refund.id)
        calls.update(state=state, created_at=now - timedelta(minutes=59))
        assert stuck() == 0

        calls.update(created_at=now - timedelta(minutes=61))
        assert stuck() == 1

    def test_are_counted_by_payment(self, refund: PaymentOperation, now: datetime) -> None:
        PaymentOperation.objects.filter(id=refund.id).update(created_at=now - timedelta(days=1))
        Payment.objects.update(undo_at=now)
        assert stuck() == 1

    def test_are_no_charges(self, now: datetime) -> None:
        authorizing(now - timedelta(days=1))
        assert stuck() == 0
