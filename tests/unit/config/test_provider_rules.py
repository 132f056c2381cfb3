"""The rules that choose a provider, as they are configured."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.orders.domain.placement import PAYMENT_METHODS
from apps.payments.adapters.registry import GATEWAYS
from config.env import read_environment


class TestTheSetting:
    def test_names_providers_in_use(self) -> None:
        env = read_environment({"OMS_GATEWAYS": "stripe,adyen", "OMS_PROVIDER_RULES": "adyen"})
        assert [rule.provider for rule in env.provider_rules] == ["adyen"]

    def test_left_out_means_all_of_them_in_their_order(self) -> None:
        env = read_environment({"OMS_GATEWAYS": "stripe,adyen"})
        assert [rule.provider for rule in env.provider_rules] == ["stripe", "adyen"]

    @pytest.mark.parametrize(("rules", "nth"), [("adyen; stripe", 1), ("stripe; adyen", 2)])
    def test_that_names_a_provider_not_in_use_is_refused(self, rules: str, nth: int) -> None:
        env = read_environment({"OMS_GATEWAYS": "stripe", "OMS_PROVIDER_RULES": rules})
        said = rf"OMS_PROVIDER_RULES: rule {nth} \('adyen'\) .*choose one of stripe"
        with pytest.raises(ImproperlyConfigured, match=said):
            _ = env.provider_rules

    def test_of_what_providers_take_covers_every_way_to_pay(self) -> None:
        taken = frozenset[str]().union(*(entry.methods for entry in GATEWAYS.values()))
        assert taken == PAYMENT_METHODS

    @pytest.mark.parametrize("value", ["yes", "ON", "1"])
    def test_of_the_fallback_is_on_or_off(self, value: str) -> None:
        assert read_environment({}).oms_provider_fallback == "off"
        with pytest.raises(ImproperlyConfigured, match="OMS_PROVIDER_FALLBACK"):
            read_environment({"OMS_PROVIDER_FALLBACK": value})
