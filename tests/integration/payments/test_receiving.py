"""Webhooks that come at the same moment, and some of them twice."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.models import ProviderMessageRecord
from apps.payments.services.receive_messages import receive_messages

pytestmark = pytest.mark.django_db(transaction=True)


def receive(number: int) -> bool:
    body = json.dumps({"id": f"m{number}", "type": "approved", "reference": "r"}).encode()
    headers = {SIGNATURE_HEADER: sign(body, settings.OMS_SANDBOX_SECRET)}
    return receive_messages(provider="sandbox", body=body, headers=headers, now=timezone.now())


def receive_in_thread(number: int) -> bool:
    try:
        return receive(number)
    finally:
        connection.close()


class TestReceiving:
    def test_stores_each_once_and_says_which_were_new(self) -> None:
        numbers = [number % 40 for number in range(120)]
        with ThreadPoolExecutor(12) as threads:
            was_new = list(threads.map(receive_in_thread, numbers))
        stored = ProviderMessageRecord.objects.values_list("event_id", flat=True)
        assert sorted(stored) == sorted({f"m{number}" for number in numbers})
        assert sorted(number for number, new in zip(numbers, was_new, strict=True) if new) == list(
            range(40)
        )

    def test_is_due_at_once(self) -> None:
        receive(1)
        (message,) = ProviderMessageRecord.objects.all()
        assert message.next_at == message.received_at
        assert (message.facts, message.dispute) == ({}, None)

    def test_belongs_to_the_transaction_of_its_caller(self) -> None:
        with transaction.atomic():
            assert receive(1)
            transaction.set_rollback(True)
        assert not ProviderMessageRecord.objects.exists()
        assert receive(1)
        assert not receive(1)
