"""Fees that a person has to look at: changed, taken twice, or above the share that a setting names."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import LedgerEntry, SettlementDifference
from apps.payments.services.settle_difference import settle_difference
from tests.conftest import make_cause
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import captured

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_patience")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestAChangedFee:
    def told(self, now: datetime, *fees: int, currency: str = "EUR") -> None:
        for fee in fees:
            told = line(of=None, line_id="txn_x", fee=fee, fee_currency=currency, at=now)
            reconcile([told], now)

    def fees(self) -> list[tuple[str, str, int | None, int | None, str]]:
        return [one for one in found() if one[0] == "fee"]

    def test_is_found_and_the_first_one_stays_booked(self, now: datetime) -> None:
        self.told(now, 27, 30)
        assert self.fees() == [("fee", "fee_changed:txn_x", 27, 30, "open")]
        assert [one.amount_minor for one in LedgerEntry.objects.filter(what="Fee")] == [27]

    def test_is_one_however_often_it_is_told(self, now: datetime) -> None:
        self.told(now, 27, 30, 30)
        assert len(self.fees()) == 1

    def test_is_found_where_there_was_none(self, now: datetime) -> None:
        self.told(now, 0, 30)
        assert self.fees() == [("fee", "fee_changed:txn_x", 0, 30, "open")]

    def test_is_one_in_another_currency(self, now: datetime) -> None:
        self.told(now, 27)
        self.told(now, 27, currency="USD")
        difference = SettlementDifference.objects.get(kind="fee")
        assert (difference.expected_currency, difference.found_currency) == ("EUR", "USD")

    def test_stays_settled_until_it_changes_again(self, now: datetime) -> None:
        self.told(now, 27, 30)
        (difference,) = SettlementDifference.objects.filter(kind="fee")
        settle_difference(
            difference_id=difference.id, reason="Corrected", cause=make_cause(), now=now
        )
        self.told(now, 30)
        assert self.fees()[0][-1] == "settled"
        self.told(now, 31)
        assert self.fees()[0][-2:] == (31, "open")

    def test_is_not_explained_by_its_movement_that_agrees(self, now: datetime) -> None:
        payment = captured(now)
        for fee in (27, 30):
            reconcile([line(of=payment, line_id="txn_x", fee=fee, at=now)], now)
        reconcile([], now)
        assert found() == [("fee", "fee_changed:txn_x", 27, 30, "open")]
        assert SettlementDifference.objects.get().payment_id == payment.id


class TestAFeeTakenTwice:
    def fee(self, at: datetime, amount: int, **more: Any) -> Any:
        return line(SettlementKind.FEE, gross=0, fee=amount, at=at, **more)

    def test_is_found_in_a_later_report(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=27, at=now)], now)
        reconcile([self.fee(now, 27, reference="ch_1")], now)
        assert found() == [("fee", "fee_twice:ch_1", 27, 54, "open")]

    def test_is_found_of_a_fee_of_no_payment(self, now: datetime) -> None:
        reconcile([self.fee(now, 900, reference="fee_1") for _ in range(3)], now)
        assert found() == [("fee", "fee_twice:fee_1", 900, 2700, "open")]

    def test_is_explained_once_it_was_given_back(self, now: datetime) -> None:
        reconcile([self.fee(now, 900, reference="fee_1") for _ in range(2)], now)
        reconcile([self.fee(now, -900, reference="fee_1")], now)
        assert found() == [("fee", "fee_twice:fee_1", 900, 1800, "explained")]

    def test_is_none_where_the_amounts_or_movements_are_others(self, now: datetime) -> None:
        payment = captured(now)
        lines = [
            line(of=payment, fee=27, at=now),
            self.fee(now, 3, reference="ch_1"),
            self.fee(now, 27, reference="ch_2"),
            self.fee(now, 27, reference=""),
            self.fee(now, 27, reference=""),
        ]
        reconcile(lines, now)
        assert found() == []

    def test_with_its_charge_is_one_difference(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=27, at=now) for _ in range(2)], now)
        assert found() == [("settled_twice", "charge:ch_1", 100, 200, "open")]


class TestAFeeAboveItsShare:
    @pytest.fixture(autouse=True)
    def limit(self, settings: Settings) -> None:
        """Let Stripe keep 2.5 percent."""
        settings.OMS_FEE_LIMITS = {"stripe": 250}

    def test_is_found_with_the_most_that_it_may_be(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, line_id="txn_x", fee=3, at=now)], now)
        assert found() == [("fee", "fee_too_high:txn_x", 2, 3, "open")]

    def test_is_explained_once_the_limit_was_raised(
        self, now: datetime, settings: Settings
    ) -> None:
        told = line(of=captured(now), line_id="txn_x", fee=3, at=now)
        reconcile([told], now)
        settings.OMS_FEE_LIMITS = {"stripe": 300}
        reconcile([told], now)
        assert found() == [("fee", "fee_too_high:txn_x", 2, 3, "explained")]

    def test_is_none_without_a_limit_of_that_provider(
        self, now: datetime, settings: Settings
    ) -> None:
        settings.OMS_FEE_LIMITS = {"paypal": 0}
        reconcile([line(of=captured(now), fee=99, at=now)], now)
        assert found() == []

    def test_is_none_of_what_has_no_share(self, now: datetime) -> None:
        lines = [
            line(of=captured(now), fee=99, fee_currency="USD", at=now),
            line(SettlementKind.FEE, reference="fee_1", gross=0, fee=900, at=now),
        ]
        reconcile(lines, now)
        assert found() == []
