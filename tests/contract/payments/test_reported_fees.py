"""What every provider reports of its fees, over real HTTP, and what becomes a difference of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from apps.payments.models import SettlementDifference
from apps.payments.services.reconcile_payments import reconcile_payments
from infra.simulators.settlements import fee_of
from tests.contract.payments.providers import Provider, open_provider
from tests.contract.payments.settled import DAY, charged, extra, lie, reported

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A provider, by its name among ours, and the comparison with it."""

    name: str
    provider: Provider

    def compare(self) -> list[tuple[str, int | None, int | None, str]]:
        """Compare what is reported now; gives what differs of fees: what, expected, found and state."""
        now = datetime.now(UTC) + timedelta(seconds=1)
        report = reported(self.provider)
        reconcile_payments(provider=self.name, since=now - DAY, until=now, now=now, report=report)
        fees = SettlementDifference.objects.filter(provider=self.name, kind="fee").order_by("id")
        return [
            (one.subject.partition(":")[0], one.expected_minor, one.found_minor, one.state)
            for one in fees
        ]


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Each provider in turn, its simulator running."""
    return Shop(name=request.param, provider=open_provider(request))


def test_one_that_changes_is_a_difference_until_it_is_as_before(shop: Shop) -> None:
    call, _, capture = charged(shop.provider)
    fee = fee_of(call.amount.amount_minor)
    assert shop.compare() == []
    lie(shop.provider, fees={capture: fee + 40})
    assert shop.compare() == [("fee_changed", fee, fee + 40, "open")]
    lie(shop.provider)
    assert shop.compare() == [("fee_changed", fee, fee + 40, "explained")]


def test_one_that_is_taken_again_is_a_difference(shop: Shop) -> None:
    call, _, capture = charged(shop.provider)
    fee = fee_of(call.amount.amount_minor)
    # PayPal gives every transaction a name of its own, and says which one it is about.
    again = {"payment": capture} if shop.name == "paypal" else {}
    reference = "FEE1" if shop.name == "paypal" else capture
    lie(shop.provider, extra=[extra(reference, "fee", **again, amount=fee)])
    assert shop.compare() == [("fee_twice", fee, 2 * fee, "open")]


def test_one_above_the_limit_is_a_difference(shop: Shop, settings: Settings) -> None:
    settings.OMS_FEE_LIMITS = {shop.name: 500}
    call, _, capture = charged(shop.provider)
    amount = call.amount.amount_minor
    lie(shop.provider, fees={capture: amount * 5 // 100})
    assert shop.compare() == []
    _, _, dear = charged(shop.provider)
    lie(shop.provider, fees={capture: amount * 5 // 100, dear: amount * 5 // 100 + 1})
    most = amount * 5 // 100
    assert shop.compare() == [("fee_too_high", most, most + 1, "open")]
