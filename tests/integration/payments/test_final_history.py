"""The history of a payment says who did what, and when; nobody can write it anew."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.payments.models import PaymentStep
from tests.integration.payments.story import captured

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    """The moment of the test."""
    return timezone.now()


class TestTheHistory:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: PaymentStep.objects.update(actor="nobody"),
            lambda: PaymentStep.objects.all()._raw_delete("default"),
        ],
    )
    def test_takes_no_change(self, now: datetime, change: Callable[[], object]) -> None:
        captured(now)
        written = list(PaymentStep.objects.values())
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            change()
        assert list(PaymentStep.objects.values()) == written
        assert all(step["actor"] and step["at"] for step in written)
