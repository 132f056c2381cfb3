"""The simulated providers that stories of payments, reports and comparisons are told with, over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from apps.payments.adapters.registry import gateway_named
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    PASSWORD,
    USER,
    SimulatedAdyen,
)
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.payments.adyen_story import Story
from tests.integration.shop import stock


@pytest.fixture(scope="session")
def running_stripe() -> Iterator[SimulatedStripe]:
    """One simulated Stripe, which announces what it does by itself."""
    simulator = SimulatedStripe().start()
    yield simulator
    simulator.stop()


@pytest.fixture
def stripe(running_stripe: SimulatedStripe, settings: Settings) -> Iterator[SimulatedStripe]:
    """The simulated Stripe, to which the platform speaks, with a stocked shop."""
    running_stripe.begin_anew()
    settings.STRIPE_API_BASE = running_stripe.api_base
    settings.STRIPE_API_KEY = "sk_test_journey"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield running_stripe
    gateway_named.cache_clear()


@pytest.fixture(scope="session")
def running_paypal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPayPal]:
    """One simulated PayPal for all tests of it."""
    simulator = SimulatedPayPal(keys=tmp_path_factory.mktemp("paypal")).start()
    yield simulator
    simulator.stop()


@pytest.fixture
def paypal(running_paypal: SimulatedPayPal, settings: Settings) -> Iterator[SimulatedPayPal]:
    """The simulated PayPal, to which the platform speaks, with a stocked shop."""
    running_paypal.begin_anew()
    settings.PAYPAL_API_BASE = running_paypal.api_base
    settings.PAYPAL_CLIENT_ID = "journey-client"
    settings.PAYPAL_CLIENT_SECRET = "journey-client-secret"
    settings.PAYPAL_WEBHOOK_ID = running_paypal.webhook_id
    settings.PAYPAL_CERTIFICATE_BASE = f"{running_paypal.api_base}/"
    settings.PAYPAL_CA_FILE = str(Path(running_paypal.ca_file))
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield running_paypal
    gateway_named.cache_clear()


@pytest.fixture(scope="session")
def running_adyen() -> Iterator[SimulatedAdyen]:
    """One simulated Adyen for all tests of it."""
    simulator = SimulatedAdyen()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def adyen(running_adyen: SimulatedAdyen, settings: Settings) -> Iterator[SimulatedAdyen]:
    """The simulated Adyen, to which the platform speaks, with a stocked shop."""
    running_adyen.begin_anew()
    settings.ADYEN_API_BASE = running_adyen.api_base
    settings.ADYEN_API_KEY = "key_of_journeys"
    settings.ADYEN_MERCHANT_ACCOUNT = MERCHANT
    settings.ADYEN_HMAC_KEY = KEY
    settings.ADYEN_WEBHOOK_USER, settings.ADYEN_WEBHOOK_PASSWORD = USER, PASSWORD
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield running_adyen
    gateway_named.cache_clear()


@pytest.fixture
def story(adyen: SimulatedAdyen, settings: Settings, client: Client) -> Story:
    """A payment by Adyen, with its reports."""
    settings.ADYEN_REPORT_BASE = f"{adyen.base}/reports/"
    return Story(adyen, client)


@pytest.fixture
def stripe_in_use(settings: Settings) -> Iterator[None]:
    """Take Stripe's messages; nobody is called."""
    settings.OMS_GATEWAYS = ["stripe"]
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_KEY = settings.STRIPE_API_KEY or "sk_test_x"
    gateway_named.cache_clear()
    yield
    gateway_named.cache_clear()


@pytest.fixture
def simulator(stripe: SimulatedStripe, settings: Settings, short_pauses: None) -> SimulatedStripe:
    """The same beside the sandbox, with reports that are compared at once."""
    settings.OMS_GATEWAYS = ["sandbox", "stripe"]
    settings.OMS_SETTLEMENT_DAYS = 0
    return stripe


@pytest.fixture
def short_patience(settings: Settings) -> None:
    """Miss what a provider has not reported for two days."""
    settings.OMS_SETTLEMENT_DAYS = 2


@pytest.fixture
def charged_on_request(settings: Settings) -> None:
    """Authorisations that are charged when somebody asks for it, here or at the provider's desk."""
    settings.OMS_CAPTURE_ON = "request"
