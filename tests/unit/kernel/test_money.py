"""Money: exact, of one currency, and never lost on the way."""

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction
from operator import add, ge, gt, le, lt, sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel import money
from apps.kernel.money import CurrencyMismatch, InvalidAmount, Money, UnknownCurrency, exponent

currencies = st.sampled_from(["JPY", "EUR", "USD", "KWD"])
minor_units = st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)


class TestExponent:
    @pytest.mark.parametrize(
        ("currency", "decimals"),
        [
            *[(code, 0) for code in ("JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF", "XPF")],
            *[(code, 2) for code in ("EUR", "USD", "GBP", "CHF", "HUF", "MRU", "MGA", "XCD")],
            *[(code, 2) for code in ("XCG", "ZWG")],
            *[(code, 3) for code in ("KWD", "BHD", "IQD", "JOD", "LYD", "OMR", "TND")],
        ],
    )
    def test_counts_the_decimals_iso_4217_gives(self, currency: str, decimals: int) -> None:
        assert exponent(currency) == decimals

    @pytest.mark.parametrize(
        "code",
        [
            *["", "eur", "EU", "EURO", "€", "978", " EUR", "BTC", "ABC"],
            *["XXX", "XTS", "XAU", "XDR", "XSU"],
            *["CLF", "UYW", "CHE", "BOV", "MXV", "USN", "COU", "UYI"],
            *["DEM", "HRK", "MRO", "CNH"],
        ],
    )
    def test_refuses_what_nobody_can_pay_in(self, code: str) -> None:
        with pytest.raises(UnknownCurrency) as refusal:
            exponent(code)
        assert refusal.value.code == "unknown_currency"
        assert refusal.value.context == {"currency": code}

    def test_does_not_remember_or_repeat_the_words_of_strangers(self) -> None:
        remembered = dict(money._exponents)

        with pytest.raises(UnknownCurrency) as refusal:
            exponent("X" * 100_000)

        assert refusal.value.context == {"currency": "X" * 10}
        assert money._exponents == remembered


class TestMoney:
    def test_is_a_value(self) -> None:
        assert Money(12990, "EUR") == Money(12990, "EUR")
        assert hash(Money(12990, "EUR")) == hash(Money(12990, "EUR"))
        assert Money(12990, "EUR") != Money(12990, "USD")
        assert Money.zero("EUR") == Money(0, "EUR")
        assert str(Money(12990, "EUR")) == "129.90 EUR"

    def test_has_a_form_for_json(self) -> None:
        assert Money(12990, "EUR").as_dict() == {"amount": "129.90", "currency": "EUR"}

    @pytest.mark.parametrize("amount", [1.0, 12990.5, True, "129", None])
    def test_refuses_minor_units_that_are_no_int(self, amount: int) -> None:
        with pytest.raises(TypeError, match="minor units are an int"):
            Money(amount, "EUR")

    def test_refuses_an_unknown_currency(self) -> None:
        with pytest.raises(UnknownCurrency):
            Money(1, "ABC")

    @given(minor_units, currencies)
    def test_tells_its_sign(self, minor: int, currency: str) -> None:
        amount = Money(minor, currency)

        assert amount.is_zero == (minor == 0)
        assert amount.is_positive == (minor > 0)
        assert amount.is_negative == (minor < 0)

    @pytest.mark.parametrize("travel", [copy.copy, lambda one: pickle.loads(pickle.dumps(one))])
    def test_survives_a_journey_to_a_process_that_has_not_met_its_currency(
        self, travel: Callable[[Money], Money], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        amount = Money(12990, "SEK")
        monkeypatch.delitem(money._exponents, "SEK")

        arrived = travel(amount)

        assert arrived == amount
        assert arrived.decimal_string == "129.90"


class TestDecimalString:
    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (12990, "EUR", "129.90"),
            (5, "EUR", "0.05"),
            (0, "EUR", "0.00"),
            (-5, "EUR", "-0.05"),
            (-12990, "EUR", "-129.90"),
            (12990, "JPY", "12990"),
            (-1, "JPY", "-1"),
            (0, "JPY", "0"),
            (12990, "KWD", "12.990"),
            (-7, "KWD", "-0.007"),
            (999_999_999_999_999, "EUR", "9999999999999.99"),
        ],
    )
    def test_shows_every_decimal_of_the_currency(
        self, minor: int, currency: str, text: str
    ) -> None:
        assert Money(minor, currency).decimal_string == text

    @given(minor_units, currencies)
    def test_is_read_back_unchanged(self, minor: int, currency: str) -> None:
        amount = Money(minor, currency)

        assert Money.parse(amount.decimal_string, currency) == amount


class TestParse:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("129.90", "EUR", 12990),
            ("129.9", "EUR", 12990),
            ("129", "EUR", 12900),
            ("0", "EUR", 0),
            ("-0", "EUR", 0),
            ("-3.50", "EUR", -350),
            ("0.50", "EUR", 50),
            ("-0.05", "EUR", -5),
            ("1290", "JPY", 1290),
            ("1.5", "KWD", 1500),
            ("9999999999999.99", "EUR", 999_999_999_999_999),
            ("999999999999999", "JPY", 999_999_999_999_999),
        ],
    )
    def test_reads_a_plain_decimal(self, text: str, currency: str, minor: int) -> None:
        assert Money.parse(text, currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        "text",
        [
            *["", " ", ".", "-", "--1", "+1", "1-", "1.", ".5", "-.5", "1.2.3", "1 000", "1_000"],
            *["1,000.00", "1,5", " 1", "1 ", "1\n", "1e3", "1E+3", "0x10", "NaN", "nan", "-nan"],
            *["Infinity", "-inf", "sNaN", "١٢", "½", "129.90 EUR", "\x001", "1.\n", "9" * 100_000],
            *["0019.90", "01", "00", "-01", "00.50", "000000000000001"],
        ],
    )
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(InvalidAmount, match="plain decimal") as refusal:
            Money.parse(text, "EUR")
        assert refusal.value.code == "invalid_amount"

    @pytest.mark.parametrize("value", [None, 129.9, 129, True, b"129", ["129"]])
    def test_refuses_what_is_no_text(self, value: str) -> None:
        with pytest.raises(InvalidAmount, match="plain decimal"):
            Money.parse(value, "EUR")

    @pytest.mark.parametrize(
        ("text", "currency", "decimals"),
        [("1.0", "JPY", 0), ("129.905", "EUR", 2), ("129.900", "EUR", 2)],
    )
    def test_refuses_more_decimals_than_the_currency_has(
        self, text: str, currency: str, decimals: int
    ) -> None:
        with pytest.raises(InvalidAmount) as refusal:
            Money.parse(text, currency)
        assert (
            refusal.value.detail == f"{currency} has {decimals} decimals and the amount has more."
        )
        assert refusal.value.context == {"currency": currency, "decimals": decimals}

    @pytest.mark.parametrize(
        ("text", "currency"),
        [("10000000000000.00", "EUR"), ("-10000000000000", "EUR"), ("1000000000000", "KWD")],
    )
    def test_refuses_more_than_15_digits(self, text: str, currency: str) -> None:
        with pytest.raises(InvalidAmount, match="at most 15 digits"):
            Money.parse(text, currency)

    def test_refuses_an_unknown_currency(self) -> None:
        with pytest.raises(UnknownCurrency):
            Money.parse("1.00", "ABC")

    @given(st.text())
    def test_answers_any_text_with_an_amount_or_a_refusal(self, text: str) -> None:
        try:
            amount = Money.parse(text, "EUR")
        except InvalidAmount:
            return
        assert Fraction(text) * 100 == amount.amount_minor


class TestArithmetic:
    @given(minor_units, minor_units, currencies)
    def test_adds_subtracts_and_compares_like_its_minor_units(
        self, one: int, other: int, currency: str
    ) -> None:
        left, right = Money(one, currency), Money(other, currency)

        assert left + right == Money(one + other, currency)
        assert left - right == Money(one - other, currency)
        assert -left == Money(-one, currency)
        assert (left < right) == (one < other)
        assert (left <= right) == (one <= other)
        assert (left > right) == (one > other)
        assert (left >= right) == (one >= other)

    def test_totals_with_sum(self) -> None:
        assert sum([Money(1, "EUR"), Money(2, "EUR")], Money.zero("EUR")) == Money(3, "EUR")

    @given(minor_units, st.integers(min_value=-999, max_value=999))
    def test_multiplies_by_a_whole_number_from_either_side(self, minor: int, times: int) -> None:
        assert Money(minor, "EUR") * times == Money(minor * times, "EUR")
        assert times * Money(minor, "EUR") == Money(minor * times, "EUR")

    @pytest.mark.parametrize("times", [1.5, True, "2", None, Money(2, "EUR")])
    def test_refuses_to_multiply_by_anything_else(self, times: int) -> None:
        with pytest.raises(TypeError):
            Money(1, "EUR") * times
        with pytest.raises(TypeError):
            times * Money(1, "EUR")

    @pytest.mark.parametrize("operation", [add, sub, lt, le, gt, ge])
    def test_refuses_to_mix_currencies(self, operation: Callable[[Money, Money], object]) -> None:
        with pytest.raises(CurrencyMismatch) as refusal:
            operation(Money(1, "EUR"), Money(1, "USD"))
        assert refusal.value.code == "currency_mismatch"
        assert refusal.value.context == {"left": "EUR", "right": "USD"}

    @pytest.mark.parametrize("operation", [add, sub, lt, le, gt, ge])
    @pytest.mark.parametrize("other", [0, 1, 1.5, "1", None])
    def test_refuses_to_mix_with_bare_numbers(
        self, operation: Callable[[object, object], object], other: object
    ) -> None:
        with pytest.raises(TypeError):
            operation(Money(1, "EUR"), other)
        with pytest.raises(TypeError):
            operation(other, Money(1, "EUR"))
