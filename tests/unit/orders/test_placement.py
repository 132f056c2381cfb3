"""Lines brought together, choices refused, sums that balance."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.errors import DomainError
from apps.orders.domain.placement import OrderedLine, merge_lines, refuse_unsupported
from apps.orders.domain.refusals import UnsupportedChoice
from apps.orders.domain.totals import SHIPPING_MINOR, totals_of

CHOICES: dict[str, Any] = {
    "currency": "EUR",
    "shipping_method": "standard",
    "payment_method_type": "card",
}


def line(sku: str, quantity: int = 1, price: int | None = None, position: int = 0) -> OrderedLine:
    return OrderedLine(sku=sku, quantity=quantity, unit_price_minor=price, position=position)


def refusal_of(*lines: OrderedLine) -> tuple[str, object]:
    with pytest.raises(DomainError) as refused:
        merge_lines(lines)
    return refused.value.code, refused.value.context["pointer"]


def out_of_range(position: int) -> tuple[str, str]:
    return "quantity_out_of_range", f"/items/{position}/quantity"


class TestMergeLines:
    def test_adds_up_and_keeps_the_order_of_first_appearance(self) -> None:
        merged = merge_lines([line("B", 1), line("A", 2, position=1), line("B", 3, position=2)])
        assert merged == [line("B", 4), line("A", 2, position=1)]

    @pytest.mark.parametrize("prices", [(1990, None), (None, 1990), (1990, 1990)])
    def test_keeps_the_price_that_one_of_them_names(self, prices: tuple[int | None, ...]) -> None:
        (merged,) = merge_lines([line("A", 1, price) for price in prices])
        assert (merged.quantity, merged.unit_price_minor) == (2, 1990)

    def test_points_at_the_line_that_names_the_price(self) -> None:
        (merged,) = merge_lines([line("A"), line("A", 1, 1990, position=1)])
        assert merged.position == 1

    def test_refuses_two_prices_for_one_sku(self) -> None:
        refusal = refusal_of(line("A", 1, 1), line("A", 1, 2, position=1))
        assert refusal == ("invalid_items", "/items/1/unit_price")

    @pytest.mark.parametrize("quantity", [0, -1, 1000])
    def test_refuses_a_quantity_that_no_order_has(self, quantity: int) -> None:
        assert refusal_of(line("A", quantity, position=3)) == out_of_range(3)

    def test_refuses_a_sum_that_no_order_has(self) -> None:
        assert refusal_of(line("A", 999), line("A", 1, position=1)) == out_of_range(1)
        # A negative line must not hide behind another one.
        assert refusal_of(line("A", 5), line("A", -1, position=1)) == out_of_range(1)

    @pytest.mark.parametrize(("lines", "code"), [(0, "invalid_items"), (201, "too_many_lines")])
    def test_refuses_too_few_and_too_many(self, lines: int, code: str) -> None:
        assert refusal_of(*(line(f"S{n}") for n in range(lines))) == (code, "/items")

    @given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 20)), min_size=1, max_size=40))
    def test_loses_no_unit(self, wanted: list[tuple[str, int]]) -> None:
        merged = merge_lines([line(sku, quantity) for sku, quantity in wanted])
        assert {one.sku: one.quantity for one in merged} == {
            sku: sum(quantity for other, quantity in wanted if other == sku) for sku, _ in wanted
        }


class TestRefuseUnsupported:
    def test_lets_through_what_is_offered(self) -> None:
        refuse_unsupported(**CHOICES)

    @pytest.mark.parametrize(
        ("field", "pointer"),
        [
            ("currency", "/currency"),
            ("shipping_method", "/shipping/method"),
            ("payment_method_type", "/payment/method/type"),
        ],
    )
    def test_names_the_field_and_what_is_offered(self, field: str, pointer: str) -> None:
        with pytest.raises(UnsupportedChoice, match="choose one of") as refused:
            refuse_unsupported(**{**CHOICES, field: "doubloons"})
        assert refused.value.context["pointer"] == pointer


class TestTotals:
    @given(
        st.lists(st.tuples(st.integers(1, 999), st.integers(0, 10**9)), min_size=1, max_size=20),
        st.sampled_from(sorted(SHIPPING_MINOR)),
        st.sampled_from(["EUR", "USD"]),
    )
    def test_balance(self, lines: list[tuple[int, int]], method: str, currency: str) -> None:
        totals = totals_of(lines, currency=currency, shipping_method=method)
        assert totals.items_minor == sum(quantity * price for quantity, price in lines)
        assert totals.shipping_minor == SHIPPING_MINOR[method].get(currency, 0)
        assert totals.grand_minor == totals.items_minor + totals.shipping_minor
