"""Webhooks that come at the same moment, and some of them twice."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.models import ProviderMessageRecord
from apps.payments.ports import ProviderMessage
from apps.payments.services import receive_messages as receiving
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


def store_in_thread(numbers: Sequence[int], barrier: Barrier) -> int:
    """Store messages as a process does that gathered them in this order; returns how many were new."""
    messages = [
        ProviderMessage(event_id=f"m{number}", kind="approved", reference="r", payment_id=None)
        for number in numbers
    ]
    try:
        barrier.wait()
        return sum(receiving._store([receiving._Received("sandbox", messages)]))
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

    def test_in_two_processes_in_two_orders_never_blocks(self) -> None:
        orders, barrier = (range(2000), range(1999, -1, -1)), Barrier(2)
        with ThreadPoolExecutor(2) as threads:
            new = list(threads.map(store_in_thread, orders, [barrier, barrier]))
        assert sum(new) == ProviderMessageRecord.objects.count() == 2000
