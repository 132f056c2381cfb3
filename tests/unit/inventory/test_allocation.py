"""Which warehouse fills which line, tried against every other way to do it."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.inventory.domain.allocation import SEARCHED_WAREHOUSES, Allocation, Line, Shelves

WAREHOUSES = ("W1", "W2", "W3", "W4", "W5")
SKUS = ("a", "b", "c", "d")

stocks = st.dictionaries(
    st.tuples(st.sampled_from(WAREHOUSES), st.sampled_from(SKUS)), st.integers(0, 5), max_size=20
)
orders = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1, max_size=4).map(
    lambda wanted: [Line(sku=sku, quantity=quantity) for sku, quantity in wanted.items()]
)


def shelves(**contents: str) -> Shelves:
    """Put one unit of each letter on the shelf of a warehouse; the first one is preferred."""
    return Shelves(
        priorities=list(contents),
        available={(code, sku): 1 for code, skus in contents.items() for sku in skus},
    )


def lines(skus: str, quantity: int = 1) -> list[Line]:
    return [Line(sku=sku, quantity=quantity) for sku in skus]


def used(allocation: Allocation) -> set[str]:
    return {take.warehouse for take in allocation.takes}


def suffices(
    warehouses: tuple[str, ...], wanted: list[Line], available: dict[tuple[str, str], int]
) -> bool:
    return all(
        sum(available.get((code, line.sku), 0) for code in warehouses) >= line.quantity
        for line in wanted
    )


class TestAnyOrder:
    @given(available=stocks, wanted=orders)
    def test_is_filled_whole_exactly_where_all_warehouses_together_can(
        self, available: dict[tuple[str, str], int], wanted: list[Line]
    ) -> None:
        found = Shelves(priorities=WAREHOUSES, available=dict(available)).allocate(wanted)
        assert found.is_filled == suffices(WAREHOUSES, wanted, available)
        if not found.is_filled:
            assert found.takes == ()
            return
        for line in wanted:
            assert sum(take.quantity for take in found.takes if take.sku == line.sku) == (
                line.quantity
            )

    @given(available=stocks, wanted=st.lists(orders, max_size=5))
    def test_never_takes_more_than_there_is(
        self, available: dict[tuple[str, str], int], wanted: list[list[Line]]
    ) -> None:
        here = Shelves(priorities=WAREHOUSES, available=dict(available))
        left = dict(available)
        for order in wanted:
            for take in here.allocate(order).takes:
                assert take.quantity > 0
                left[take.warehouse, take.sku] -= take.quantity
        assert all(units >= 0 for units in left.values())
        assert {key: units for key, units in here.available.items() if key in left} == left

    @settings(max_examples=300)
    @given(available=stocks, wanted=orders)
    def test_comes_in_the_fewest_parcels_and_from_the_preferred_warehouses(
        self, available: dict[tuple[str, str], int], wanted: list[Line]
    ) -> None:
        found = Shelves(priorities=WAREHOUSES, available=dict(available)).allocate(wanted)
        if not found.is_filled:
            return
        best = next(
            chosen
            for parcels in range(1, len(WAREHOUSES) + 1)
            for chosen in combinations(WAREHOUSES, parcels)
            if suffices(chosen, wanted, available)
        )
        assert used(found) == set(best)


class TestAllocate:
    def test_prefers_one_warehouse_to_a_better_priority(self) -> None:
        found = shelves(W1="ab", W2="abc").allocate(lines("abc"))
        assert used(found) == {"W2"}
        assert found.reason == "W2 has every line and the best priority of those that do"

    def test_prefers_two_parcels_to_the_warehouse_that_fills_most_lines(self) -> None:
        found = shelves(W1="abcd", W2="abe", W3="cdf").allocate(lines("abcdef"))
        assert used(found) == {"W2", "W3"}
        assert found.reason == "No warehouse has every line; split over W2, W3"

    def test_splits_a_line_that_no_warehouse_has_whole(self) -> None:
        found = Shelves(
            priorities=["W1", "W2"], available={("W1", "a"): 2, ("W2", "a"): 2}
        ).allocate(lines("a", 3))
        assert [(take.warehouse, take.quantity) for take in found.takes] == [("W1", 2), ("W2", 1)]

    def test_serves_the_next_order_from_what_is_left(self) -> None:
        here = shelves(W1="a", W2="a")
        assert [used(here.allocate(lines("a"))) for _ in range(2)] == [{"W1"}, {"W2"}]
        last = here.allocate(lines("a"))
        assert [(one.sku, one.wanted, one.available) for one in last.shorts] == [("a", 1, 0)]

    def test_uses_no_warehouse_out_of_service(self) -> None:
        here = Shelves(priorities=["W1"], available={("W2", "a"): 9})
        assert not here.allocate(lines("a")).is_filled

    @pytest.mark.parametrize("warehouses", [SEARCHED_WAREHOUSES, SEARCHED_WAREHOUSES + 1, 60])
    def test_fills_an_order_from_any_number_of_warehouses(self, warehouses: int) -> None:
        codes = [f"W{number:02}" for number in range(warehouses)]
        here = Shelves(priorities=codes, available={(code, "a"): 1 for code in codes})
        found = here.allocate(lines("a", warehouses))
        assert used(found) == set(codes)

    def test_does_not_count_warehouses_that_have_nothing_of_the_order(self) -> None:
        empty = {f"E{number}": "z" for number in range(30)}
        found = shelves(**empty, W1="abcd", W2="abe", W3="cdf").allocate(lines("abcdef"))
        assert used(found) == {"W2", "W3"}
