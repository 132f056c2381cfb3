"""What providers kept: booked once with its line, in the currency in which they kept it."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import LedgerEntry, SettlementLineRecord
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import captured

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_patience")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestFees:
    def booked(self) -> list[tuple[Any, ...]]:
        return list(
            LedgerEntry.objects.filter(settlement_line_id__isnull=False)
            .order_by("id")
            .values_list(
                "what", "from_account", "to_account", "amount_minor", "currency", "payment_id"
            )
        )

    def test_go_from_the_provider_to_fees(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=27, at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 27, "EUR", payment.id)]
        entry = LedgerEntry.objects.get(what="Fee")
        assert entry.actor == "system:stripe"
        assert entry.settlement_line_id == SettlementLineRecord.objects.get().id

    def test_come_back_where_the_provider_gives_them_back(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=-5, at=now)], now)
        assert self.booked() == [("Fee given back", "fees", "provider", 5, "EUR", payment.id)]

    def test_are_booked_in_the_currency_in_which_they_are_kept(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=31, fee_currency="USD", at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 31, "USD", payment.id)]
        assert found() == []

    def test_of_no_payment_are_just_booked(self, now: datetime) -> None:
        reconcile([line(SettlementKind.FEE, reference="fee_1", gross=0, fee=900, at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 900, "EUR", None)]
        assert found() == []
