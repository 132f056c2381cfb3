"""Amounts as PayPal writes them."""

import pytest

from apps.kernel.errors import DomainError
from apps.kernel.money import Money
from apps.payments.adapters.paypal.amounts import (
    AmountNotPayable,
    paypal_amount,
    read_paypal_amount,
)


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


class TestAnAmountOfPayPals:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("129.90", "EUR", 12990),
            ("129.9000", "EUR", 12990),
            ("-0.50", "EUR", -50),
            ("100.00", "JPY", 100),
            ("100", "JPY", 100),
            ("1234.00", "HUF", 123400),
            ("0.00", "TWD", 0),
        ],
    )
    def test_may_have_more_noughts_than_its_currency(
        self, text: str, currency: str, minor: int
    ) -> None:
        assert read_paypal_amount(text, currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            ("100.50", "JPY"),
            ("1.001", "EUR"),
            ("1e3", "EUR"),
            ("NaN", "EUR"),
            ("Infinity", "EUR"),
            ("", "EUR"),
            ("1.", "EUR"),
            ("1.٠", "EUR"),
            ("1.00", "E\0R"),
        ],
    )
    def test_is_never_guessed(self, text: str, currency: str) -> None:
        with pytest.raises(DomainError):
            read_paypal_amount(text, currency)
