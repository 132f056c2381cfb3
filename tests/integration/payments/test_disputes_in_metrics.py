"""How long money that is to go back has waited for a dispute, as Prometheus is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from apps.payments.models import Dispute, Payment
from apps.payments.queries import refresh_gauges
from tests.integration.payments.story import captured

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

DAY = 24 * 3600


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    """A payment of 1.00, charged."""
    return captured(now)


def disputed(payment: Payment, now: datetime, *, days: int = 40, **changes: Any) -> None:
    """Store a dispute of some days ago."""
    about = {
        "reference": f"du_{days}",
        "amount_minor": 60,
        "currency": "EUR",
        "reason": "fraudulent",
        "state": "opened",
        **changes,
    }
    opened_at = now - timedelta(days=days)
    Dispute.objects.create(payment=payment, provider="stripe", opened_at=opened_at, **about)


def waited_days() -> float:
    """Read the metric as it is shown now, in days."""
    refresh_gauges()
    seconds = REGISTRY.get_sample_value("dispute_wait_seconds", {"gateway": "stripe"})
    assert seconds is not None
    return seconds / DAY


class TestTheWait:
    def test_is_none_while_nothing_is_to_go_back(self, payment: Payment, now: datetime) -> None:
        disputed(payment, now)
        Payment.objects.update(disputed_minor=60)
        assert waited_days() == 0

    def test_is_as_old_as_the_oldest_dispute_that_a_cancellation_waits_for(
        self, payment: Payment, now: datetime
    ) -> None:
        disputed(payment, now, days=20, amount_minor=30)
        disputed(payment, now, days=40, amount_minor=30)
        disputed(payment, now, days=80, state="won")
        Payment.objects.update(disputed_minor=60, is_unwanted=True)
        assert waited_days() == pytest.approx(40, abs=0.1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"refund_wanted_minor": 40},
            {"refund_wanted_minor": 41},
            {"refund_wanted_minor": 100, "refunded_minor": 100},
            {"refund_wanted_minor": 100, "refunded_minor": 40, "status": "partially_refunded"},
            {"is_unwanted": True, "refunded_minor": 100, "status": "refunded"},
            {"is_unwanted": True, "lost_minor": 40, "disputed_minor": 0},
            {"is_unwanted": True, "lost_minor": 40},
        ],
    )
    def test_is_of_what_waits_as_the_payment_says_so(
        self, payment: Payment, now: datetime, changes: dict[str, Any]
    ) -> None:
        disputed(payment, now)
        Payment.objects.update(**{"disputed_minor": 60, **changes})
        waits = Payment.objects.get().waits_for_dispute
        assert (waited_days() > 0) == waits

    def test_goes_on_for_one_lost_in_another_currency(
        self, payment: Payment, now: datetime
    ) -> None:
        disputed(payment, now, state="lost", currency="USD")
        Payment.objects.update(disputed_minor=100, is_unwanted=True)
        assert waited_days() == pytest.approx(40, abs=0.1)

    def test_is_over_once_the_dispute_is(self, payment: Payment, now: datetime) -> None:
        disputed(payment, now)
        Payment.objects.update(disputed_minor=60, is_unwanted=True)
        assert waited_days() > 0
        Dispute.objects.update(state="lost")
        Payment.objects.update(disputed_minor=0, lost_minor=60)
        assert waited_days() == 0
