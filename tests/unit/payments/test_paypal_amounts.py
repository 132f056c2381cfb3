"""Amounts as PayPal writes them."""

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.paypal.amounts import AmountNotPayable, paypal_amount


class TestAnAmount:
    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            ("129.90", "EUR"),
            ("0.01", "USD"),
            ("0.10", "GBP"),
            ("1000000.00", "PLN"),
            ("500", "JPY"),
            ("1", "JPY"),
        ],
    )
    def test_follows_iso_where_paypal_does(self, text: str, currency: str) -> None:
        assert paypal_amount(Money.parse(text, currency)) == text

    @pytest.mark.parametrize(
        ("text", "currency", "expected"), [("1234.00", "HUF", "1234"), ("99.00", "TWD", "99")]
    )
    def test_has_no_decimals_where_paypal_takes_none(
        self, text: str, currency: str, expected: str
    ) -> None:
        assert paypal_amount(Money.parse(text, currency)) == expected

    @pytest.mark.parametrize(("text", "currency"), [("1234.50", "HUF"), ("0.01", "TWD")])
    def test_is_never_rounded(self, text: str, currency: str) -> None:
        with pytest.raises(AmountNotPayable, match=f"{currency} without decimals"):
            paypal_amount(Money.parse(text, currency))

    @pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
    def test_with_three_decimals_is_not_offered(self, currency: str) -> None:
        with pytest.raises(AmountNotPayable, match="does not offer"):
            paypal_amount(Money(1000, currency))

    def test_of_any_size_is_written_out(self) -> None:
        assert paypal_amount(Money(9_223_372_036_854_775_807, "EUR")) == "92233720368547758.07"
