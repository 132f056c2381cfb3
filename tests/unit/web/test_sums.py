"""Sums that callers ask for, with and without their currency."""

import pytest

from apps.kernel.errors import DomainError
from apps.kernel.money import Money
from apps.platform.web.sums import SumBody, read_sum


@pytest.mark.parametrize("told", ["10.50", SumBody(amount="10.50", currency="EUR")])
def test_both_ways_to_write_one_mean_the_same(told: str | SumBody) -> None:
    assert read_sum(told, currency="EUR", pointer="/amount") == Money(1050, "EUR")


@pytest.mark.parametrize(
    ("told", "code", "pointer"),
    [
        ("10.505", "invalid_amount", "/amount"),
        (SumBody(amount="ten", currency="EUR"), "invalid_amount", "/amount/amount"),
        (SumBody(amount="10.50", currency="USD"), "currency_mismatch", "/amount/currency"),
        (SumBody(amount="10.50", currency="eur"), "currency_mismatch", "/amount/currency"),
    ],
)
def test_points_at_what_cannot_be(told: str | SumBody, code: str, pointer: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_sum(told, currency="EUR", pointer="/amount")
    assert (refused.value.code, refused.value.context["pointer"]) == (code, pointer)


def test_says_which_currency_is_meant() -> None:
    with pytest.raises(DomainError, match="Ask in JPY"):
        read_sum(SumBody(amount="10", currency="EUR"), currency="JPY", pointer="")
