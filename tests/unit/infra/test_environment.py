"""What the processes of a stack are told."""

from pathlib import Path

import pytest

from infra.local.credentials import Credentials, credentials_in
from infra.local.environment import EMBEDDED, stack_environment


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return credentials_in(tmp_path_factory.mktemp("secrets"))


def environment(credentials: Credentials, **given: str) -> dict[str, str]:
    return stack_environment(
        given=given,
        home=Path("/home/of/stack"),
        credentials=credentials,
        services={"DATABASE_URL": "postgresql://ours/oms"},
        web_port=8000,
        simulators_port=8100,
    )


STRIPE = {
    "STRIPE_API_BASE": "https://api.stripe.com",
    "STRIPE_API_KEY": "sk_test_of_mine",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_mine",
}


ADYEN = {
    "ADYEN_API_BASE": "https://checkout-test.adyen.com/v72",
    "ADYEN_API_KEY": "key_of_mine",
    "ADYEN_MERCHANT_ACCOUNT": "MyShop",
    "ADYEN_HMAC_KEY": "00ff",
}
PAYPAL = {
    "PAYPAL_API_BASE": "https://api-m.sandbox.paypal.com",
    "PAYPAL_CLIENT_ID": "client_of_mine",
    "PAYPAL_CLIENT_SECRET": "secret_of_mine",
    "PAYPAL_WEBHOOK_ID": "WEBHOOKOFMINE",
}


class TestStackEnvironment:
    def test_plays_adyen_unless_told_otherwise(self, credentials: Credentials) -> None:
        ours = environment(credentials)
        assert ours["ADYEN_API_BASE"] == "http://127.0.0.1:8100/adyen/v72"
        assert ours["ADYEN_HMAC_KEY"] == credentials.adyen_hmac_key
        assert ours["ADYEN_WEBHOOK_PASSWORD"] == credentials.adyen_webhook_password
        assert environment(credentials, **{**ADYEN, **EMBEDDED}).items() >= ours.items()

    def test_talks_to_adyen_itself_where_it_is_given(self, credentials: Credentials) -> None:
        given = environment(credentials, **ADYEN)
        assert given.items() >= ADYEN.items()
        assert "ADYEN_WEBHOOK_USER" not in given

    def test_plays_stripe_unless_told_otherwise(self, credentials: Credentials) -> None:
        ours = environment(credentials)
        assert ours["STRIPE_API_BASE"] == "http://127.0.0.1:8100/stripe"
        assert ours["STRIPE_WEBHOOK_SECRET"] == credentials.stripe_webhook_secret
        assert environment(credentials, **{**STRIPE, **EMBEDDED}).items() >= ours.items()

    def test_talks_to_stripe_itself_where_it_is_given(self, credentials: Credentials) -> None:
        assert environment(credentials, **STRIPE).items() >= STRIPE.items()

    def test_plays_paypal_unless_told_otherwise(self, credentials: Credentials) -> None:
        ours = environment(credentials)
        assert ours["PAYPAL_API_BASE"] == "http://127.0.0.1:8100/paypal"
        assert ours["PAYPAL_CERTIFICATE_BASE"] == "http://127.0.0.1:8100/paypal/"
        assert ours["PAYPAL_CA_FILE"] == "/home/of/stack/simulators/paypal/ca.pem"
        assert ours["PAYPAL_WEBHOOK_CHECK"] == "certificate"
        assert environment(credentials, **{**PAYPAL, **EMBEDDED}).items() >= ours.items()

    def test_talks_to_paypal_itself_where_it_is_given(self, credentials: Credentials) -> None:
        theirs = environment(credentials, **PAYPAL)
        assert theirs.items() >= PAYPAL.items()
        # The simulator's authority must not vouch for what comes from elsewhere.
        assert "PAYPAL_CA_FILE" not in theirs
        assert "PAYPAL_CERTIFICATE_BASE" not in theirs
