"""What becomes of all that waited for a provider once it is back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.payments.models import PaymentOperation
from apps.payments.services.dispatch_operations import release_waiting
from apps.platform.bulk import lock_many
from tests.integration.payments.story import authorizing

pytestmark = pytest.mark.django_db


def waiting(count: int, **changes: object) -> list[PaymentOperation]:
    """Store calls that were due a minute ago and could not be made."""
    since = timezone.now() - timedelta(minutes=1)
    operations = [authorizing(since + timedelta(milliseconds=number))[1] for number in range(count)]
    PaymentOperation.objects.filter(id__in=[one.id for one in operations]).update(**changes)
    return operations


def pauses(operations: list[PaymentOperation]) -> list[float]:
    """Give the seconds between one call and the next, as they are due now."""
    for operation in operations:
        operation.refresh_from_db()
    due = [operation.next_at for operation in operations]
    return [round((after - before).total_seconds(), 3) for before, after in pairwise(due)]


class TestReleaseWaiting:
    @pytest.mark.parametrize("attempts", [0, 3])
    def test_paces_what_waited_whether_it_was_tried_or_not(self, attempts: int) -> None:
        operations = waiting(5, attempts=attempts)
        assert release_waiting("stripe") == 5
        assert pauses(operations) == [1 / settings.OMS_GATEWAY_RECOVERY_PER_SECOND] * 4
        assert operations[0].next_at <= timezone.now()

    def test_brings_forward_what_would_have_waited_longer(self) -> None:
        (operation,) = waiting(
            1, attempts=6, state="unknown", next_at=timezone.now() + timedelta(minutes=1)
        )
        release_waiting("stripe")
        operation.refresh_from_db()
        assert operation.next_at <= timezone.now()

    def test_leaves_what_waits_for_somebody_else(self) -> None:
        later = timezone.now() + timedelta(minutes=10)
        waiting(1, state="waiting", next_at=later)
        waiting(1, gate="adyen")
        before = list(PaymentOperation.objects.values_list("id", "next_at"))
        assert release_waiting("stripe") == 0
        assert list(PaymentOperation.objects.values_list("id", "next_at")) == before

    @pytest.mark.django_db(transaction=True)
    def test_waits_for_nobody(self) -> None:
        operations = waiting(3, attempts=3)
        busy, *free = operations

        def release() -> int:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '500ms'")
                    return release_waiting("stripe")
            finally:
                connection.close()

        before = busy.next_at
        with transaction.atomic(), ThreadPoolExecutor(1) as threads:
            lock_many(PaymentOperation, [busy.id])
            assert threads.submit(release).result() == 2
        assert pauses(free) == [1 / settings.OMS_GATEWAY_RECOVERY_PER_SECOND]
        busy.refresh_from_db()
        assert busy.next_at == before
