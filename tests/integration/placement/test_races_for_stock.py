"""Many buyers for few units: each unit is sold once, and nobody waits for ever."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.inventory.models import StockLevel, StockMovement
from apps.inventory.services import reserve_stock as reserving
from apps.inventory.services.stock_rows import lock_levels
from apps.orders.models import Order
from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber
from tests.integration.shop import levels, place, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def reserve_with(workers: int) -> None:
    """Let several workers hand orders to inventory at the same time."""
    subscriber = find_subscriber("inventory.reservations")
    assert subscriber

    def work() -> None:
        try:
            drain(subscriber)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestRaces:
    def test_two_hundred_buyers_for_ten_units_over_three_warehouses(self, settings: Any) -> None:
        settings.OMS_OUTBOX_WORKERS = 4
        stock({"SKU-A": {"BER": 4, "RTM": 3, "LYS": 3}})
        for _ in range(200):
            place()
        reserve_with(4)
        work_off()
        statuses = Counter(Order.objects.values_list("status", flat=True))
        assert statuses == {"confirmed": 10, "cancelled": 190}
        assert levels() == {"SKU-A@BER": (4, 4), "SKU-A@RTM": (3, 3), "SKU-A@LYS": (3, 3)}

    def test_opposite_line_orders_do_not_deadlock(self, settings: Any) -> None:
        settings.OMS_OUTBOX_WORKERS = 4
        stock({"SKU-A": {"BER": 60}, "SKU-B": {"BER": 60}})
        for number in range(60):
            lines = [("SKU-A", 1), ("SKU-B", 1)]
            place(lines if number % 2 else lines[::-1])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            (before,) = cursor.fetchone()
            reserve_with(4)
            work_off()
            cursor.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            (after,) = cursor.fetchone()
        assert after == before
        assert levels() == {"SKU-A@BER": (60, 60), "SKU-B@BER": (60, 60)}

    def test_two_lines_of_one_sku_count_together(self) -> None:
        stock({"SKU-A": {"BER": 3}})
        place([("SKU-A", 2), ("SKU-A", 2)])
        work_off()
        assert Order.objects.get().status == "cancelled"
        assert levels() == {"SKU-A@BER": (3, 0)}

    def test_without_the_lock_units_would_be_sold_twice_and_the_constraint_stops_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stock({"SKU-A": {"BER": 1}})
        stale = lock_for_reading()
        monkeypatch.setattr(reserving, "lock_levels", lambda skus: stale)
        place()
        reserve_with(1)
        place()
        reserve_with(1)  # decides on what it saw before the first reservation
        assert levels() == {"SKU-A@BER": (1, 1)}
        with pytest.raises(IntegrityError, match="reserved_never_exceeds_on_hand"):
            StockLevel.objects.update(reserved=2)

    def test_the_ledger_adds_up_to_the_level(self) -> None:
        stock({"SKU-A": {"BER": 5, "RTM": 5}})
        for _ in range(7):
            place([("SKU-A", 2)])
        work_off()
        for level in StockLevel.objects.all():
            moves = StockMovement.objects.filter(sku=level.sku, warehouse=level.warehouse_id)
            assert sum(move.on_hand_delta for move in moves) == level.on_hand
            assert sum(move.reserved_delta for move in moves) == level.reserved


def lock_for_reading() -> dict[tuple[str, str], StockLevel]:
    with transaction.atomic():
        return lock_levels({"SKU-A"})
