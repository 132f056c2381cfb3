"""Amounts that a provider may tell of."""

import pytest

from apps.kernel.money import LARGEST_MINOR
from apps.payments.domain.news import NoSuchAmount, insist_on_amount


@pytest.mark.parametrize(
    ("amount", "can_be"),
    [(1, True), (LARGEST_MINOR, True), (0, False), (-1, False), (LARGEST_MINOR + 1, False)],
)
def test_news_are_of_an_amount_that_a_charge_can_be(amount: int, can_be: bool) -> None:
    if can_be:
        insist_on_amount(amount)
        return
    with pytest.raises(NoSuchAmount):
        insist_on_amount(amount)
