"""What must be given for each payment provider, and in which form."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import read_environment, refuse_unsafe_production

STRONG = {
    "OMS_SECRET_KEY": "s" * 40,
    "OMS_ORDER_NUMBER_SECRET": "n" * 40,
    "OMS_JWKS_URL": "https://auth.example/jwks",
    "OMS_ALLOWED_HOSTS": "shop.example",
    "OMS_GATEWAYS": "adyen",
    "ADYEN_API_KEY": "AQEx",
    "ADYEN_MERCHANT_ACCOUNT": "Shop",
    "ADYEN_HMAC_KEY": "44782DEF",
}


class TestKeysOfAdyen:
    def test_are_enough(self) -> None:
        refuse_unsafe_production(read_environment(STRONG))

    @pytest.mark.parametrize("name", ["ADYEN_API_KEY", "ADYEN_MERCHANT_ACCOUNT", "ADYEN_HMAC_KEY"])
    def test_must_all_be_given_in_production(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"^{name}: production needs"):
            refuse_unsafe_production(read_environment({**STRONG, name: ""}))

    @pytest.mark.parametrize(
        ("name", "value"),
        [("ADYEN_API_KEY", "key-of-the-local-stack"), ("ADYEN_MERCHANT_ACCOUNT", "LocalShop")],
    )
    def test_must_not_be_those_of_the_local_stack(self, name: str, value: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"^{name}: production needs"):
            refuse_unsafe_production(read_environment({**STRONG, name: value}))

    def test_travel_to_its_reports_over_https_only(self) -> None:
        plain = {**STRONG, "ADYEN_REPORT_BASE": "http://reports.example/"}
        with pytest.raises(ImproperlyConfigured, match=r"^ADYEN_REPORT_BASE: "):
            refuse_unsafe_production(read_environment(plain))

    @pytest.mark.parametrize("name", ["ADYEN_REPORT_USER", "ADYEN_REPORT_PASSWORD"])
    def test_of_the_report_user_go_together(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="ADYEN_REPORT_USER and"):
            read_environment({**STRONG, name: "x"})

    def test_are_not_asked_for_where_adyen_is_not_in_use(self) -> None:
        others = {"OMS_GATEWAYS": "stripe", "STRIPE_API_KEY": "sk_live_x"}
        wanted = {**STRONG, **others, "STRIPE_WEBHOOK_SECRET": "whsec_x", "ADYEN_API_KEY": ""}
        refuse_unsafe_production(read_environment(wanted))

    @pytest.mark.parametrize("key", ["not hexadecimal", "44782DE", "0x44"])
    def test_that_sign_are_hexadecimal(self, key: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="ADYEN_HMAC_KEY"):
            read_environment({"ADYEN_HMAC_KEY": key})

    @pytest.mark.parametrize("name", ["ADYEN_WEBHOOK_USER", "ADYEN_WEBHOOK_PASSWORD"])
    def test_of_the_webhook_are_a_pair(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="go together"):
            read_environment({name: "x"})
