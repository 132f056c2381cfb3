"""`OMS_FEE_LIMITS`: what it is read as, and what is said where it cannot be."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.money import Money
from apps.payments.domain.fees import largest_fee
from config.env import read_environment


def limits(text: str) -> dict[str, int]:
    return read_environment({"OMS_GATEWAYS": "stripe,paypal", "OMS_FEE_LIMITS": text}).fee_limits


class TestFeeLimits:
    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("", {}),
            ("stripe=4", {"stripe": 400}),
            (" stripe = 3.75 , paypal=7.5 ", {"stripe": 375, "paypal": 750}),
            ("stripe=100,", {"stripe": 10000}),
            ("stripe=0", {"stripe": 0}),
        ],
    )
    def test_are_hundredths_of_a_percent_by_provider(self, text: str, read: dict[str, int]) -> None:
        assert limits(text) == read

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("4", "'4' is no share in percent, such as stripe=4 or stripe=3.75."),
            ("stripe=4%", "'stripe=4%' is no share in percent"),
            ("stripe=-1", "'stripe=-1' is no share in percent"),
            ("stripe=1.005", "'stripe=1.005' is no share in percent"),
            ("stripe=101", "'stripe=101' is no share in percent"),
            ("stripe=٤", "is no share in percent"),
            ("adyen=4", "'adyen=4' is about no provider in use."),
            ("stripe=4,stripe=5", "'stripe' has two limits."),
        ],
    )
    def test_that_cannot_be_read_are_refused(self, text: str, said: str) -> None:
        with pytest.raises(ImproperlyConfigured) as refused:
            limits(text)
        assert str(refused.value).startswith("OMS_FEE_LIMITS: ")
        assert said in str(refused.value)

    def test_are_reached_by_the_last_whole_unit_below(self) -> None:
        assert largest_fee(Money(999, "EUR"), 250) == Money(24, "EUR")
        assert largest_fee(Money(1000, "EUR"), 250) == Money(25, "EUR")
