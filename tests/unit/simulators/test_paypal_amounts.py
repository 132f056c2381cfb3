"""Amounts as the simulated PayPal reads and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.simulators.paypal.documents import Amount, decimals_of, minor_of, written
from infra.simulators.paypal.refusals import Refusal


class TestAnAmount:
    @pytest.mark.parametrize(
        ("value", "currency", "minor"),
        [
            ("10", "EUR", 1000),
            ("10.5", "EUR", 1050),
            (".5", "EUR", 50),
            ("10.500", "EUR", 1050),
            ("10", "JPY", 10),
        ],
    )
    def test_counts_the_smallest_units(self, value: str, currency: str, minor: int) -> None:
        assert minor_of(Amount(currency, value), unsupported="U") == minor

    @pytest.mark.parametrize(
        ("value", "currency", "refused"),
        [
            ("10.001", "EUR", "DECIMAL_PRECISION"),
            ("10.0", "JPY", "U"),
            ("0", "EUR", "CANNOT_BE_ZERO_OR_NEGATIVE"),
            ("-1", "EUR", "CANNOT_BE_ZERO_OR_NEGATIVE"),
            ("1e3", "EUR", "INVALID_PARAMETER_SYNTAX"),
            ("1.", "EUR", "INVALID_PARAMETER_SYNTAX"),
            ("+1", "EUR", "INVALID_PARAMETER_SYNTAX"),
            ("", "EUR", "INVALID_PARAMETER_SYNTAX"),
            ("1" * 33, "EUR", "INVALID_PARAMETER_SYNTAX"),
            ("10", "KWD", "INVALID_CURRENCY_CODE"),
            ("10", "eur", "INVALID_CURRENCY_CODE"),
        ],
    )
    def test_is_refused_as_paypal_does(self, value: str, currency: str, refused: str) -> None:
        with pytest.raises(Refusal) as found:
            minor_of(Amount(currency, value), unsupported="U")
        assert found.value.issue == refused

    @given(st.integers(1, 10**12), st.sampled_from(["EUR", "USD", "JPY", "HUF", "TWD"]))
    def test_is_read_as_it_was_written(self, minor: int, currency: str) -> None:
        text = written(minor, currency)
        assert minor_of(Amount(currency, text), unsupported="U") == minor
        assert len(text.partition(".")[2]) == decimals_of(currency)
