"""Money shared out: nothing lost, and fairly."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.money import Money

currencies = st.sampled_from(["JPY", "EUR", "USD", "KWD"])
minor_units = st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)
weights = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=40).filter(any)


class TestAllocate:
    @pytest.mark.parametrize(
        ("minor", "weights", "shares"),
        [
            (100, [1, 1, 1], [34, 33, 33]),
            (101, [1, 1, 1], [34, 34, 33]),
            (100, [1], [100]),
            (5, [0, 3, 7], [0, 2, 3]),
            (10, [1, 2, 3], [2, 3, 5]),
            (1, [1, 99], [0, 1]),
            (0, [1, 2], [0, 0]),
            (-100, [1, 1, 1], [-34, -33, -33]),
        ],
    )
    def test_gives_what_is_left_to_the_largest_remainders(
        self, minor: int, weights: list[int], shares: list[int]
    ) -> None:
        assert Money(minor, "EUR").allocate(weights) == [Money(share, "EUR") for share in shares]

    @given(minor_units, currencies, weights)
    def test_loses_nothing(self, minor: int, currency: str, weights: list[int]) -> None:
        shares = Money(minor, currency).allocate(weights)

        assert len(shares) == len(weights)
        assert sum(shares, Money.zero(currency)) == Money(minor, currency)

    @given(minor_units, weights)
    def test_is_fair_to_less_than_one_minor_unit(self, minor: int, weights: list[int]) -> None:
        shares = Money(minor, "EUR").allocate(weights)

        for share, weight in zip(shares, weights, strict=True):
            exact = Fraction(minor * weight, sum(weights))
            assert abs(share.amount_minor - exact) < 1
            assert weight or share.is_zero

    @given(minor_units, weights)
    def test_never_gives_the_lighter_more_than_the_heavier(
        self, minor: int, weights: list[int]
    ) -> None:
        shares = Money(abs(minor), "EUR").allocate(weights)
        by_weight = sorted(zip(weights, shares, strict=True), key=lambda pair: pair[0])

        for (lighter, less), (heavier, more) in pairwise(by_weight):
            assert lighter == heavier or less <= more

    @given(minor_units, weights)
    def test_shares_a_refund_as_it_shared_the_charge(self, minor: int, weights: list[int]) -> None:
        amount = Money(minor, "EUR")

        assert (-amount).allocate(weights) == [-share for share in amount.allocate(weights)]

    @pytest.mark.parametrize("weights", [[1.5], [True], ["1"], [None], [1, 0.0]])
    def test_refuses_weights_that_are_no_ints(self, weights: list[int]) -> None:
        with pytest.raises(TypeError, match="weights are ints"):
            Money(1, "EUR").allocate(weights)

    @pytest.mark.parametrize("weights", [[], [0], [0, 0], [-1], [2, -1], [1, -1]])
    def test_refuses_weights_that_cannot_carry_it(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="zero or more"):
            Money(1, "EUR").allocate(weights)
