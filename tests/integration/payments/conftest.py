"""What tests of reports and comparisons start from."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.payments.adapters import asking
from apps.payments.adapters.registry import gateway_named
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.shop import stock


@pytest.fixture(scope="module")
def reporting_stripe() -> Iterator[SimulatedStripe]:
    """One simulated Stripe for all tests."""
    simulator = SimulatedStripe()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(
    reporting_stripe: SimulatedStripe, settings: Settings, short_pauses: None
) -> Iterator[SimulatedStripe]:
    """The simulated Stripe, which is in use beside the sandbox, with a stocked shop."""
    reporting_stripe.begin_anew()
    settings.OMS_GATEWAYS = ["sandbox", "stripe"]
    settings.OMS_SETTLEMENT_DAYS = 0
    settings.STRIPE_API_BASE = reporting_stripe.api_base
    settings.STRIPE_API_KEY = "sk_test_reconciling"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield reporting_stripe
    gateway_named.cache_clear()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a provider that does not answer again at once."""
    monkeypatch.setattr(asking, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def short_patience(settings: Settings) -> None:
    """Miss what a provider has not reported for two days."""
    settings.OMS_SETTLEMENT_DAYS = 2
