"""That production asks no provider's test system, and nobody without https."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import read_environment
from config.live_money import is_live, refuse_test_accounts

LIVE = {
    "OMS_GATEWAYS": "stripe,adyen,paypal",
    "STRIPE_API_KEY": "sk_live_x",
    "ADYEN_API_BASE": "https://0123456789abcdef-shop-checkout-live.adyenpayments.com/checkout/v72",
    "ADYEN_REPORT_BASE": "https://ca-live.adyen.com/reports/",
    "PAYPAL_CLIENT_ID": "AbCtest-sb_x",
    "PAYPAL_CLIENT_SECRET": "EtestX",
    "PAYPAL_WEBHOOK_ID": "8PT597110X687430L",
}
HTTPS_ONLY = "production asks its providers over https only; name their live address."
TEST_KEY = "this is a key of Stripe's test mode; production needs a live one."
SANDBOX = "this is of PayPal's sandbox; production needs the live one."


def faults_of(**changes: str) -> list[str]:
    with pytest.raises(ImproperlyConfigured) as refused:
        refuse_test_accounts(read_environment({**LIVE, **changes}))
    return str(refused.value).splitlines()


class TestProduction:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"STRIPE_API_KEY": "rk_live_x"},
            {"STRIPE_API_BASE": "https://api.stripe.com"},
            {"PAYPAL_API_BASE": "https://api-m.paypal.com"},
            {"ADYEN_API_BASE": "https://0123-contest-checkout-live.adyenpayments.com/checkout/v72"},
        ],
    )
    def test_starts_with_live_accounts(self, changes: dict[str, str]) -> None:
        refuse_test_accounts(read_environment({**LIVE, **changes}))

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("STRIPE_API_KEY", "sk_test_x", TEST_KEY),
            ("STRIPE_API_KEY", "rk_test_x", TEST_KEY),
            ("STRIPE_API_KEY", "sk_org_test_x", TEST_KEY),
            ("STRIPE_API_BASE", "http://api.stripe.com", HTTPS_ONLY),
            ("ADYEN_API_BASE", "http://127.0.0.1:8400/adyen/v72", HTTPS_ONLY),
            ("PAYPAL_API_BASE", "http://api-m.paypal.com", HTTPS_ONLY),
            ("PAYPAL_API_BASE", "api-m.paypal.com", HTTPS_ONLY),
            ("PAYPAL_API_BASE", "https://[x", HTTPS_ONLY),
            (
                "PAYPAL_API_BASE",
                "https://api-m.sandbox.paypal.com",
                "this is a test system (api-m.sandbox.paypal.com); name the live address.",
            ),
            (
                "ADYEN_API_BASE",
                "https://checkout-test.adyen.com/v71",
                "this is a test system (checkout-test.adyen.com); name the live address.",
            ),
            (
                "ADYEN_API_BASE",
                "",
                "without a value it is a test system (checkout-test.adyen.com); "
                "name the live address.",
            ),
            (
                "ADYEN_REPORT_BASE",
                "",
                "without a value it is a test system (ca-test.adyen.com); name the live address.",
            ),
            ("PAYPAL_CLIENT_ID", "sb", SANDBOX),
            ("PAYPAL_CLIENT_ID", "sb-x", SANDBOX),
            ("PAYPAL_CLIENT_SECRET", "Sandbox-secret", SANDBOX),
            ("PAYPAL_WEBHOOK_ID", "test-webhook", SANDBOX),
        ],
    )
    def test_names_what_is_of_a_test_system_in_one_line(
        self, name: str, value: str, said: str
    ) -> None:
        assert faults_of(**{name: value}) == [f"{name}: {said}"]

    def test_names_all_of_them_at_once(self) -> None:
        lines = faults_of(STRIPE_API_KEY="sk_test_x", ADYEN_API_BASE="", PAYPAL_CLIENT_ID="sb-x")
        assert [line.partition(":")[0] for line in lines] == [
            "ADYEN_API_BASE",
            "PAYPAL_CLIENT_ID",
            "STRIPE_API_KEY",
        ]

    def test_asks_nothing_of_a_provider_that_is_not_in_use(self) -> None:
        refuse_test_accounts(
            read_environment({"OMS_GATEWAYS": "stripe", "STRIPE_API_KEY": "sk_live_x"})
        )


class TestAnEnvironment:
    @pytest.mark.parametrize("name", ["local", "test", "ci", "development", "staging"])
    def test_may_run_for_play_money_where_it_is_named_for_that(self, name: str) -> None:
        assert not is_live(name)

    @pytest.mark.parametrize(
        "name", ["production", "prod", "Production", "production-eu", "Staging", "staging-eu", ""]
    )
    def test_is_live_by_any_other_name(self, name: str) -> None:
        assert is_live(name)
