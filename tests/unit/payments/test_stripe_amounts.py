"""Amounts in Stripe's units."""

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.stripe.amounts import AmountNotPayable, stripe_amount


class TestAnAmount:
    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [
            ("129.90", "EUR", 12990),
            ("0.01", "USD", 1),
            ("500", "JPY", 500),
            ("500", "KRW", 500),
            ("500", "CLP", 500),
            ("1234.50", "HUF", 123450),
            ("99.00", "TWD", 9900),
            ("1.230", "KWD", 1230),
            ("12.000", "BHD", 12000),
            ("0.010", "TND", 10),
        ],
    )
    def test_follows_iso_where_stripe_does(self, text: str, currency: str, expected: int) -> None:
        assert stripe_amount(Money.parse(text, currency)) == expected

    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [("5", "ISK", 500), ("100", "UGX", 10000), ("25.00", "MGA", 25)],
    )
    def test_follows_stripe_where_iso_differs(
        self, text: str, currency: str, expected: int
    ) -> None:
        assert stripe_amount(Money.parse(text, currency)) == expected

    @pytest.mark.parametrize(
        ("text", "currency"), [("1.234", "KWD"), ("0.001", "OMR"), ("25.50", "MGA")]
    )
    def test_is_never_rounded(self, text: str, currency: str) -> None:
        with pytest.raises(AmountNotPayable, match=f"{text} {currency}"):
            stripe_amount(Money.parse(text, currency))

    @pytest.mark.parametrize("currency", ["BIF", "DJF", "GNF", "KMF", "PYG", "RWF", "VND"])
    def test_without_decimals_stays_as_it_is(self, currency: str) -> None:
        assert stripe_amount(Money(7, currency)) == 7

    @pytest.mark.parametrize("currency", ["VUV", "XAF", "XOF", "XPF"])
    def test_of_shared_currencies_stays_as_it_is(self, currency: str) -> None:
        assert stripe_amount(Money(7, currency)) == 7
