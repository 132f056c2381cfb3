"""What a refund of units gives back: the same cents whatever the steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.money import Money
from apps.orders.domain.refunds import BoughtLine, refunded_lines
from apps.orders.domain.refusals import InvalidRefund


def line(position: int, sku: str, quantity: int, price: int, returned: int = 0) -> BoughtLine:
    return BoughtLine(
        position=position, sku=sku, quantity=quantity, unit_price_minor=price, returned=returned
    )


class TestRefundedLines:
    def test_shares_what_was_paid_beside_the_goods(self) -> None:
        lines = [line(0, "A", 2, 1000), line(1, "B", 1, 1000)]
        found = refunded_lines(lines, {"A": 1, "B": 1}, total=Money(3300, "EUR"))
        assert [(one.sku, one.quantity, one.amount_minor) for one in found] == [
            ("A", 1, 1100),
            ("B", 1, 1100),
        ]

    def test_takes_a_sku_from_several_lines(self) -> None:
        lines = [line(0, "A", 2, 1000, returned=1), line(1, "A", 3, 500)]
        found = refunded_lines(lines, {"A": 3}, total=Money(3500, "EUR"))
        assert [(one.position, one.quantity, one.amount_minor) for one in found] == [
            (0, 1, 1000),
            (1, 2, 1000),
        ]

    def test_shares_the_shipping_of_free_goods_by_units(self) -> None:
        found = refunded_lines([line(0, "A", 3, 0)], {"A": 2}, total=Money(490, "EUR"))
        assert found[0].amount_minor == 326

    @pytest.mark.parametrize("wanted", [{"A": 3}, {"B": 1}])
    def test_refuses_units_that_are_not_there(self, wanted: dict[str, int]) -> None:
        lines = [line(0, "A", 3, 1000, returned=1)]
        with pytest.raises(InvalidRefund):
            refunded_lines(lines, wanted, total=Money(3000, "EUR"))

    @given(
        goods=st.lists(
            st.tuples(st.integers(1, 20), st.integers(0, 100_000)), min_size=1, max_size=6
        ),
        beside=st.integers(-50_000, 5000),
        data=st.data(),
    )
    def test_gives_all_back_in_any_sequence(
        self, goods: list[tuple[int, int]], beside: int, data: st.DataObject
    ) -> None:
        """Shipping and tax are beside the goods, and discounts, which take all of it at most."""
        items = sum(quantity * price for quantity, price in goods)
        total = Money(max(0, items + beside), "EUR")
        returned = [0] * len(goods)
        sum_back = 0
        while any(back < quantity for back, (quantity, _) in zip(returned, goods, strict=True)):
            lines = [
                line(nth, f"S{nth}", quantity, price, returned[nth])
                for nth, (quantity, price) in enumerate(goods)
            ]
            open_lines = [one for one in lines if one.returned < one.quantity]
            chosen = data.draw(st.sampled_from(open_lines))
            units = data.draw(st.integers(1, chosen.quantity - chosen.returned))
            (back,) = refunded_lines(lines, {chosen.sku: units}, total=total)
            assert back.amount_minor >= 0
            returned[chosen.position] += units
            sum_back += back.amount_minor
            assert sum_back <= total.amount_minor
        assert sum_back == total.amount_minor
