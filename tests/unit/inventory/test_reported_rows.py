"""What speaks against applying a row that a warehouse reports."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inventory.models import MovementKind, StockLevel
from apps.inventory.services.reported_rows import (
    CLOCK_TOLERANCE,
    EARLIEST,
    MOST_ON_HAND,
    CountRow,
    MovementRow,
    Row,
    RowResult,
    RowStatus,
    find_repeat,
    refuse_implausible,
    refuse_unfit,
    refuse_unknown,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def count(on_hand: int = 10, at: datetime = NOON, message_id: str = "m-1") -> CountRow:
    return CountRow(
        warehouse="BER", sku="SKU-A", on_hand=on_hand, message_id=message_id, counted_at=at
    )


def movement(
    quantity: int = 5, at: datetime = NOON, reason: MovementKind = MovementKind.RECEIPT
) -> MovementRow:
    return MovementRow(
        warehouse="BER",
        sku="SKU-A",
        quantity=quantity,
        reason=reason,
        message_id="m-1",
        occurred_at=at,
    )


def level(
    on_hand: int = 10,
    reserved: int = 4,
    counted_at: datetime | None = None,
    moved_at: datetime | None = None,
) -> StockLevel:
    return StockLevel(
        sku="SKU-A", on_hand=on_hand, reserved=reserved, counted_at=counted_at, moved_at=moved_at
    )


def code(found: RowResult | None) -> str:
    """Give the code of a refusal, or the status of what is passed over; empty where it is applied."""
    return "" if found is None else found.code or found.status


class TestARow:
    @pytest.mark.parametrize(
        ("warehouses", "skus", "refused"),
        [
            ({"BER"}, {"SKU-A"}, ""),
            ({"RTM"}, {"SKU-A"}, "unknown_warehouse"),
            ({"BER"}, {"SKU-B"}, "unknown_product"),
            (set(), set(), "unknown_warehouse"),
        ],
    )
    @pytest.mark.parametrize("row", [count(), movement()], ids=["count", "movement"])
    def test_is_of_a_warehouse_and_product_that_there_are(
        self, row: Row, warehouses: set[str], skus: set[str], refused: str
    ) -> None:
        assert code(refuse_unknown(row, warehouses, skus)) == refused

    @pytest.mark.parametrize(
        ("at", "refused"),
        [
            (NOON, ""),
            (EARLIEST, ""),
            (EARLIEST - SECOND, "implausible_time"),
            (NOON + CLOCK_TOLERANCE, ""),
            (NOON + CLOCK_TOLERANCE + SECOND, "implausible_time"),
            (datetime.max.replace(tzinfo=UTC), "implausible_time"),
        ],
    )
    def test_has_a_time_that_a_clock_can_have_shown(self, at: datetime, refused: str) -> None:
        assert code(refuse_implausible(count(at=at), NOON)) == refused
        assert code(refuse_implausible(movement(at=at), NOON)) == refused


class TestARepeat:
    @pytest.mark.parametrize("row", [count(), movement()], ids=["count", "movement"])
    def test_is_a_duplicate_where_it_says_the_same(self, row: Row) -> None:
        found = find_repeat(row, {("BER", "m-1"): row.content})
        assert found == RowResult(status=RowStatus.DUPLICATE)

    def test_may_be_stamped_anew(self) -> None:
        seen = {("BER", "m-1"): count(at=NOON).content}
        assert code(find_repeat(count(at=NOON + SECOND), seen)) == "duplicate"

    @pytest.mark.parametrize(
        ("row", "before"),
        [
            (count(10), count(11)),
            (movement(5), movement(6)),
            (movement(5), movement(5, reason=MovementKind.RETURN)),
            # A count of five and an adjustment by five are told apart.
            (count(5), movement(5, reason=MovementKind.ADJUSTMENT)),
        ],
        ids=["counts", "quantities", "reasons", "kinds"],
    )
    def test_that_says_something_else_has_used_an_id_twice(self, row: Row, before: Row) -> None:
        assert code(find_repeat(row, {("BER", "m-1"): before.content})) == "message_id_reused"

    @pytest.mark.parametrize("key", [("RTM", "m-1"), ("BER", "m-2")])
    def test_is_none_where_warehouse_or_id_is_another(self, key: tuple[str, str]) -> None:
        assert find_repeat(count(), {key: count().content}) is None


class TestALevel:
    @pytest.mark.parametrize(
        ("row", "refused"),
        [
            (count(4), ""),
            (count(3), "stock_too_low"),
            (movement(-6, reason=MovementKind.ADJUSTMENT), ""),
            (movement(-7, reason=MovementKind.ADJUSTMENT), "stock_too_low"),
            (count(MOST_ON_HAND), ""),
            (count(MOST_ON_HAND + 1), "stock_too_high"),
            (movement(MOST_ON_HAND - 10), ""),
            (movement(MOST_ON_HAND - 9), "stock_too_high"),
        ],
        ids=str,
    )
    def test_keeps_what_is_promised_and_holds_so_much(self, row: Row, refused: str) -> None:
        assert code(refuse_unfit(row, level(on_hand=10, reserved=4))) == refused

    @pytest.mark.parametrize(
        ("row", "counted_at", "moved_at", "late"),
        [
            (count(at=NOON), None, None, False),
            # A count is the truth about what came before it, and of the same moment.
            (count(at=NOON), NOON - SECOND, None, False),
            (count(at=NOON), NOON, None, True),
            (count(at=NOON), NOON + SECOND, None, True),
            # A count older than a movement does not know of it.
            (count(at=NOON), None, NOON, False),
            (count(at=NOON), None, NOON + SECOND, True),
            (movement(at=NOON), NOON - SECOND, None, False),
            (movement(at=NOON), NOON, None, True),
            # Movements add up in whatever order they arrive.
            (movement(at=NOON), None, NOON + SECOND, False),
        ],
        ids=str,
    )
    def test_passes_over_what_it_has_counted_since(
        self, row: Row, counted_at: datetime | None, moved_at: datetime | None, late: bool
    ) -> None:
        found = refuse_unfit(row, level(counted_at=counted_at, moved_at=moved_at))
        assert code(found) == ("late" if late else "")

    def test_is_late_before_it_is_too_low(self) -> None:
        assert code(refuse_unfit(count(0), level(counted_at=NOON))) == "late"

    @given(
        on_hand=st.integers(0, 100),
        reserved=st.integers(0, 100),
        units=st.integers(-150, 150),
        is_count=st.booleans(),
    )
    def test_never_falls_below_what_is_promised(
        self, on_hand: int, reserved: int, units: int, is_count: bool
    ) -> None:
        one = level(on_hand, reserved=min(on_hand, reserved))
        row = count(abs(units)) if is_count else movement(units, reason=MovementKind.ADJUSTMENT)
        left = abs(units) if is_count else on_hand + units
        assert (refuse_unfit(row, one) is None) is (left >= one.reserved)
        assert one.on_hand + row.delta(one) == left
