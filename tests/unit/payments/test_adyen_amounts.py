"""Amounts in Adyen's units."""

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.adyen.amounts import AmountNotPayable, adyen_amount


class TestAnAmount:
    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [
            ("129.90", "EUR", 12990),
            ("0.01", "USD", 1),
            ("1234.50", "HUF", 123450),
            ("25.50", "MGA", 2550),
            ("500", "JPY", 500),
            ("500", "KRW", 500),
            ("500", "UGX", 500),
            ("500", "VND", 500),
            ("1.234", "KWD", 1234),
            ("12.000", "BHD", 12000),
            ("0.001", "OMR", 1),
            ("0.010", "TND", 10),
            ("7.500", "JOD", 7500),
        ],
    )
    def test_follows_iso_where_adyen_does(self, text: str, currency: str, expected: int) -> None:
        assert adyen_amount(Money.parse(text, currency)) == expected

    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [
            ("5", "ISK", 500),
            ("990", "CLP", 99000),
            ("25.00", "IDR", 25),
            ("110.00", "CVE", 110),
        ],
    )
    def test_follows_adyen_where_iso_differs(self, text: str, currency: str, expected: int) -> None:
        assert adyen_amount(Money.parse(text, currency)) == expected

    @pytest.mark.parametrize(("text", "currency"), [("25.50", "IDR"), ("0.01", "CVE")])
    def test_is_never_rounded(self, text: str, currency: str) -> None:
        with pytest.raises(AmountNotPayable, match=f"{text} {currency}"):
            adyen_amount(Money.parse(text, currency))
