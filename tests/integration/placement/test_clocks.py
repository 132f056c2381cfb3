"""A worker whose clock is wrong: what it sets a time for is due when the database says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.models import Message
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.services.decide_approval import decide_approval
from tests.integration.shop import place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("wrong_by", [timedelta(hours=1), timedelta(hours=-1)])
class TestAWrongClock:
    def test_moves_no_call_to_a_provider(
        self, wrong_by: timedelta, rare_calls: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stock({"SKU-A": {"BER": 10}})
        right = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: right() + wrong_by)
        settled(place(token="tok_unavailable"))
        settled(place(token="tok_requires_action"))

        waiting = PaymentOperation.objects.get(state="pending")
        assert waiting.attempts == 1
        assert abs(waiting.next_at - right()) < timedelta(minutes=1)
        asked = Payment.objects.get(status="requires_action")
        assert asked.action_expires_at
        assert timedelta(minutes=14) < asked.action_expires_at - right() < timedelta(minutes=16)
        decide_approval(reference=asked.authorization, approved=True, now=timezone.now())
        due_at = ProviderMessageRecord.objects.get().next_at
        assert abs(due_at - right()) < timedelta(minutes=1)

    def test_moves_no_message(self, wrong_by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
        stock({"SKU-A": {"BER": 10}})
        right = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: right() + wrong_by)
        settled(place())
        times = Message.objects.values_list("next_at", flat=True)
        assert times
        assert all(abs(one - right()) < timedelta(minutes=1) for one in times)
