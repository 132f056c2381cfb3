"""What we keep of a payment method."""

from typing import Any

import pytest

from apps.customers.domain.refusals import InvalidPaymentMethod
from apps.customers.domain.saved_payment import SavedPayment

CARD = {
    "provider": "stripe",
    "method_type": "card",
    "token": "pm_card_visa",
    "brand": "visa",
    "last4": "4242",
    "expiry_month": 12,
    "expiry_year": 2030,
}


def saved(**changes: Any) -> SavedPayment:
    return SavedPayment.build(**{**CARD, **changes})


class TestSavedPayment:
    def test_keeps_what_it_was_given(self) -> None:
        assert saved() == SavedPayment(
            provider="stripe",
            method_type="card",
            token="pm_card_visa",
            brand="visa",
            last4="4242",
            expiry_month=12,
            expiry_year=2030,
        )

    def test_needs_neither_brand_nor_digits_nor_expiry(self) -> None:
        bare = saved(method_type="paypal", brand="", last4="", expiry_month=None, expiry_year=None)
        assert (bare.brand, bare.last4, bare.expiry_month) == ("", "", None)

    @pytest.mark.parametrize(
        "number",
        ["4242424242424242", "4242-4242-4242-4242", "4242.4242.4242.4242", "378282246310005", "12"],
    )
    def test_refuses_a_token_that_could_be_a_card_number_without_repeating_it(
        self, number: str
    ) -> None:
        with pytest.raises(InvalidPaymentMethod) as refused:
            saved(token=number)
        assert refused.value.context == {"pointer": "/token"}
        assert number not in refused.value.detail

    @pytest.mark.parametrize(
        ("field", "value", "named"),
        [
            ("provider", "", "provider"),
            ("provider", "Stripe Inc", "provider"),
            ("method_type", "cheque", "type"),
            ("token", "", "token"),
            ("token", "pm visa", "token"),
            ("token", "x" * 256, "token"),
            ("brand", "visa\n", "brand"),
            ("last4", "42", "last4"),
            ("last4", "42424", "last4"),
            ("last4", "4x42", "last4"),
            ("expiry_month", None, "expiry_month"),
            ("expiry_year", None, "expiry_month"),
            ("expiry_month", 0, "expiry_month"),
            ("expiry_month", 13, "expiry_month"),
            ("expiry_year", 1999, "expiry_year"),
            ("expiry_year", 2100, "expiry_year"),
        ],
    )
    def test_names_the_part_at_fault(self, field: str, value: object, named: str) -> None:
        with pytest.raises(InvalidPaymentMethod) as refused:
            saved(**{field: value})
        assert refused.value.context == {"pointer": f"/{named}"}
