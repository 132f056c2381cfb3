"""The books of payments say who did what, and when; nobody can write them anew or take something out."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.payments.models import Payment, PaymentOperation, PaymentStep
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


class TestTheBooks:
    @pytest.mark.parametrize(
        "table",
        [
            "payments_ledgerentry",
            "payments_document",
            "payments_paymentstep",
            "payments_paymentoperation",
            # Takes what hangs on it along.
            "payments_payment",
        ],
    )
    def test_are_not_emptied(self, now: datetime, table: str) -> None:
        captured(now)
        with (
            pytest.raises(DatabaseError, match="TRUNCATE refused"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE")
        assert Payment.objects.exists()
        assert PaymentStep.objects.exists()


class TestACall:
    @pytest.mark.parametrize(
        "delete",
        [
            lambda: PaymentOperation.objects.all().delete(),
            lambda: PaymentOperation.objects.all()._raw_delete("default"),
        ],
    )
    def test_is_not_deleted(self, now: datetime, delete: Callable[[], object]) -> None:
        captured(now)
        calls = PaymentOperation.objects.count()
        assert calls > 0
        with pytest.raises(DatabaseError, match="operations stay"), transaction.atomic():
            delete()
        assert PaymentOperation.objects.count() == calls
