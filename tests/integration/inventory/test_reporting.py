"""What warehouses report through the API: each row moves its level once, or says why it did not."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from apps.inventory.models import StockLevel, StockMovement
from apps.platform.outbox.models import StoredEvent
from tests.integration.api.conftest import Caller
from tests.integration.inventory.reports import Warehouse, count, movement
from tests.integration.shop import levels, place, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 1_000_000_000


@pytest.fixture(autouse=True)
def shop() -> None:
    stock({"SKU-A": {"BER": 10}, "SKU-B": {"BER": 10, "RTM": 0}})


@pytest.fixture
def warehouse(service: Caller) -> Warehouse:
    return Warehouse(service)


def on_hand(level: str = "SKU-A@BER") -> int:
    return levels()[level][0]


class TestCounts:
    def test_set_the_level_and_tell_of_it(self, warehouse: Warehouse) -> None:
        before = StoredEvent.objects.filter(type="inventory.stock_changed").count()
        assert warehouse.report(count(7)) == ["applied"]
        assert on_hand() == 7
        move = StockMovement.objects.order_by("-id")[0]
        assert (move.kind, move.on_hand_delta, move.actor) == (
            "adjustment",
            -3,
            "service:storefront",
        )
        assert StoredEvent.objects.filter(type="inventory.stock_changed").count() == before + 1

    def test_that_are_late_move_nothing(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(7, "12:00")) == ["applied"]
        assert warehouse.report(count(9, "11:00"), count(8, "12:00")) == ["late", "late"]
        assert on_hand() == 7

    def test_older_than_a_receipt_do_not_wipe_it_out(self, warehouse: Warehouse) -> None:
        assert warehouse.report(movement(10, "12:00")) == ["applied"]
        assert warehouse.report(count(10, "11:00")) == ["late"]
        assert on_hand() == 20

    @pytest.mark.parametrize("reason", ["receipt", "adjustment", "return"])
    def test_older_than_any_movement_are_late(self, warehouse: Warehouse, reason: str) -> None:
        assert warehouse.report(movement(1, "12:00", reason=reason)) == ["applied"]
        assert warehouse.report(count(10, "11:59"), count(15, "12:01")) == ["late", "applied"]
        assert on_hand() == 15

    def test_take_in_what_happened_before_them(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(12, "12:00")) == ["applied"]
        assert warehouse.report(movement(2, "11:30"), movement(3, "12:30")) == ["late", "applied"]
        assert on_hand() == 15

    @pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
    def test_give_one_level_in_whatever_order_they_and_movements_arrive(
        self, warehouse: Warehouse, order: tuple[int, ...]
    ) -> None:
        told = [
            count(10, "12:00"),
            movement(5, "13:00"),
            movement(-1, "14:00", reason="adjustment"),
        ]
        for number in order:
            warehouse.report(told[number])
        assert on_hand() == 14

    def test_never_go_below_what_is_promised(self, warehouse: Warehouse) -> None:
        place([("SKU-A", 4)])
        work_off()
        assert warehouse.report(count(3), count(4)) == ["stock_too_low", "applied"]
        assert levels()["SKU-A@BER"] == (4, 4)

    def test_of_nothing_make_an_empty_level(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(0, warehouse="RTM")) == ["applied"]
        assert StockLevel.objects.get(sku="SKU-A", warehouse="RTM").on_hand == 0


class TestMovements:
    def test_with_a_line_break_in_a_word_spoil_no_other_row(self, warehouse: Warehouse) -> None:
        rows = (movement(5), movement(5, reason="receipt\n"), movement(5, sku="SKU-A\n"))
        assert warehouse.report(*rows) == ["applied", "validation_failed", "validation_failed"]
        assert on_hand() == 15

    def test_add_and_take_units(self, warehouse: Warehouse) -> None:
        assert (
            warehouse.report(
                movement(5), movement(-2, reason="adjustment"), movement(1, reason="return")
            )
            == ["applied"] * 3
        )
        assert on_hand() == 14

    def test_take_no_more_than_there_is(self, warehouse: Warehouse) -> None:
        assert warehouse.report(movement(-11, reason="adjustment")) == ["stock_too_low"]
        assert on_hand() == 10

    @pytest.mark.parametrize("reason", ["receipt", "return"])
    def test_of_receipts_and_returns_are_positive(self, warehouse: Warehouse, reason: str) -> None:
        assert warehouse.report(movement(-1, reason=reason)) == ["validation_failed"]

    def test_bring_a_sku_to_a_warehouse_that_never_had_it(self, warehouse: Warehouse) -> None:
        assert warehouse.report(movement(3, warehouse="RTM")) == ["applied"]
        assert levels()["SKU-A@RTM"] == (3, 0)


class TestRepeats:
    def test_move_nothing_in_a_later_call(self, warehouse: Warehouse) -> None:
        receipt, counted = movement(5, "12:00"), count(15, "13:00")
        assert warehouse.report(receipt) == ["applied"]
        assert warehouse.report(counted) == ["applied"]
        assert warehouse.report(receipt) == ["duplicate"]
        assert warehouse.report(counted) == ["duplicate"]
        assert on_hand() == 15

    def test_move_nothing_within_one_call(self, warehouse: Warehouse) -> None:
        receipt = movement(5)
        assert warehouse.report(receipt, receipt, movement(1)) == [
            "applied",
            "duplicate",
            "applied",
        ]
        assert on_hand() == 16

    def test_are_duplicates_also_where_the_sender_stamped_them_anew(
        self, warehouse: Warehouse
    ) -> None:
        assert warehouse.report(movement(5, "12:00", message_id="m-1")) == ["applied"]
        assert warehouse.report(movement(5, "12:30", message_id="m-1")) == ["duplicate"]
        assert on_hand() == 15

    def test_of_one_id_in_two_warehouses_are_two_messages(self, warehouse: Warehouse) -> None:
        rows = [
            movement(5, sku="SKU-B", message_id="m-1", warehouse=code) for code in ("BER", "RTM")
        ]
        assert warehouse.report(*rows) == ["applied", "applied"]

    @pytest.mark.parametrize(
        "changes",
        [{"sku": "SKU-B"}, {"quantity": 6}, {"reason": "return"}],
        ids=["sku", "quantity", "reason"],
    )
    def test_with_other_content_are_refused(
        self, warehouse: Warehouse, changes: dict[str, Any]
    ) -> None:
        first = movement(5, message_id="m-1")
        assert warehouse.report(first) == ["applied"]
        assert warehouse.report({**first, **changes}) == ["message_id_reused"]
        again = {**first, "message_id": "m-2"}
        assert warehouse.report(again, {**again, **changes}) == ["applied", "message_id_reused"]
        assert (on_hand(), on_hand("SKU-B@BER")) == (20, 10)

    def test_of_a_count_with_another_number_are_refused(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(7, "12:00", message_id="m-1")) == ["applied"]
        assert warehouse.report(
            count(7, "12:00", message_id="m-1"), count(8, "13:00", message_id="m-1")
        ) == ["duplicate", "message_id_reused"]
        assert on_hand() == 7

    def test_of_a_count_as_a_movement_are_refused(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(7, "12:00", message_id="m-1")) == ["applied"]
        taken = movement(-3, "12:00", reason="adjustment", message_id="m-1")
        assert warehouse.report(taken) == ["message_id_reused"]
        assert on_hand() == 7

    def test_of_what_was_refused_are_judged_anew(self, warehouse: Warehouse) -> None:
        taken = movement(-11, reason="adjustment")
        assert warehouse.report(taken, movement(1), taken) == [
            "stock_too_low",
            "applied",
            "applied",
        ]
        assert on_hand() == 0


class TestTimes:
    @pytest.mark.parametrize(
        "at",
        [
            "2126-03-02T12:00:00+00:00",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+01:00",
            "1969-12-31T23:59:59Z",
        ],
    )
    def test_that_cannot_be_are_refused(self, warehouse: Warehouse, at: str) -> None:
        assert warehouse.report(count(7, at), count(8)) == ["implausible_time", "applied"]
        assert warehouse.report(movement(7, at), movement(1, "13:00")) == [
            "implausible_time",
            "applied",
        ]
        assert on_hand() == 9

    def test_a_little_ahead_of_ours_are_a_clock_that_is_wrong(self, warehouse: Warehouse) -> None:
        now = timezone.now()
        soon, later = (now + timedelta(minutes=minutes) for minutes in (2, 10))
        assert warehouse.report(count(7, soon.isoformat())) == ["applied"]
        assert warehouse.report(count(8, later.isoformat())) == ["implausible_time"]
        assert on_hand() == 7


class TestBadRows:
    def test_spoil_no_others(self, warehouse: Warehouse) -> None:
        assert warehouse.report(
            movement(1),
            movement(1, warehouse="NOWHERE"),
            movement(1, sku="SKU-UNKNOWN"),
            movement(1, sku=""),
            movement(1, "yesterday"),
            {"sku": "SKU-A"},
            movement(MOST),
            movement(1, "12:01"),
        ) == [
            "applied",
            "unknown_warehouse",
            "unknown_product",
            "validation_failed",
            "validation_failed",
            "validation_failed",
            "stock_too_high",
            "applied",
        ]
        assert on_hand() == 12

    def test_take_no_level_beyond_what_it_can_hold(self, warehouse: Warehouse) -> None:
        assert warehouse.report(count(MOST)) == ["applied"]
        rows = [movement(MOST, "13:00") for _ in range(3)]
        assert warehouse.report(*rows) == ["stock_too_high"] * 3
        assert warehouse.report(
            movement(1, "13:00"), movement(-1, "13:00", reason="adjustment")
        ) == [
            "stock_too_high",
            "applied",
        ]
        assert on_hand() == MOST - 1
