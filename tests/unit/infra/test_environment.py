"""What the processes of a stack are told."""

from pathlib import Path

import pytest

from config.env import Environment
from infra.local.credentials import Credentials, credentials_in
from infra.local.environment import EMBEDDED, stack_environment
from infra.local.failure import CannotStart
from infra.local.providers import PROVIDERS


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


SIMULATED = {
    "STRIPE_API_BASE": "http://127.0.0.1:8100/stripe",
    "ADYEN_API_BASE": "http://127.0.0.1:8100/adyen/v72",
    "PAYPAL_API_BASE": "http://127.0.0.1:8100/paypal",
}


class TestKeysOfAProvider:
    @pytest.mark.parametrize("provider", [STRIPE, ADYEN, PAYPAL], ids=["stripe", "adyen", "paypal"])
    def test_choose_its_own_address_and_leave_the_others_simulated(
        self, credentials: Credentials, provider: dict[str, str]
    ) -> None:
        (base,) = (name for name in provider if name.endswith("_API_BASE"))
        keys = {name: value for name, value in provider.items() if name != base}

        made = environment(credentials, **keys)

        assert made.items() >= provider.items()
        others = {name: address for name, address in SIMULATED.items() if name != base}
        assert made.items() >= others.items()

    def test_go_where_the_address_says_if_one_is_given(self, credentials: Credentials) -> None:
        elsewhere = {"STRIPE_API_BASE": "http://127.0.0.1:9/mine", "STRIPE_API_KEY": "sk_test_mine"}
        assert environment(credentials, **elsewhere).items() >= elsewhere.items()

    def test_do_for_stripe_alone_and_leave_messages_to_nobody(
        self, credentials: Credentials
    ) -> None:
        made = environment(credentials, STRIPE_API_KEY="sk_test_of_mine")
        assert made["STRIPE_API_BASE"] == "https://api.stripe.com"
        # An empty secret is one that everybody knows.
        assert made["STRIPE_WEBHOOK_SECRET"] == credentials.stripe_webhook_secret

    def test_bring_nothing_of_a_simulator_along(self, credentials: Credentials) -> None:
        adyen = environment(credentials, **{**ADYEN, "ADYEN_API_BASE": ""})
        assert "ADYEN_WEBHOOK_USER" not in adyen
        assert "ADYEN_REPORT_BASE" not in adyen
        paypal = environment(credentials, **{**PAYPAL, "PAYPAL_API_BASE": ""})
        assert "PAYPAL_CA_FILE" not in paypal
        assert "PAYPAL_CERTIFICATE_BASE" not in paypal

    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ({"ADYEN_API_KEY": "key_of_mine"}, "ADYEN_MERCHANT_ACCOUNT"),
            ({"ADYEN_MERCHANT_ACCOUNT": "MyShop"}, "ADYEN_API_KEY"),
            ({"PAYPAL_CLIENT_ID": "client_of_mine"}, "PAYPAL_CLIENT_SECRET"),
            ({"STRIPE_API_BASE": "https://api.stripe.com"}, "STRIPE_API_KEY"),
            ({"PAYPAL_API_BASE": "http://x"}, "PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET"),
        ],
    )
    def test_are_needed_whole(
        self, credentials: Credentials, given: dict[str, str], missing: str
    ) -> None:
        with pytest.raises(CannotStart, match=f"but not {missing}:"):
            environment(credentials, **given)

    @pytest.mark.parametrize("key", ["sk_live_of_mine", "rk_live_of_mine"])
    def test_are_refused_where_they_are_for_real_money(
        self, credentials: Credentials, key: str
    ) -> None:
        with pytest.raises(CannotStart, match="real money") as refusal:
            environment(credentials, **{**STRIPE, "STRIPE_API_KEY": key})
        assert key not in str(refusal.value)

    def test_lead_where_the_platform_itself_would_go(self) -> None:
        unset = Environment()
        for name in ("stripe", "adyen"):
            assert PROVIDERS[name].own_base == getattr(unset, f"{name}_api_base")
