"""What becomes of reservations: of orders called off before they had one, and of late payments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.inventory.models import Reservation
from apps.inventory.services.expire_reservations import expire_reservations
from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.payments.models import Payment
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import StoredEvent
from apps.platform.outbox.registry import find_subscriber
from tests.conftest import make_cause
from tests.integration.shop import dispatch_all, drain_all, levels, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(order: Order) -> None:
    cancel_order(
        order_id=order.id,
        reason=CancelReason.CUSTOMER_REQUEST,
        detail="",
        cause=make_cause("customer:1"),
        now=timezone.now(),
    )


def take_from_inventory() -> list[tuple[Any, ...]]:
    """Take what waits for inventory out of its queue; gives it to put it back later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM outbox_delivery WHERE subscriber = 'inventory.reservations' "
            "RETURNING subscriber, lane, event_id, occurred_at, key"
        )
        return list(cursor.fetchall())


def put_back(deliveries: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) "
            "VALUES (%s, %s, %s, %s, %s)",
            deliveries,
        )


def told_of(order: Order) -> list[str]:
    """Give what inventory has published of an order."""
    facts = StoredEvent.objects.filter(key=order.id, type__startswith="inventory.")
    return list(facts.order_by("event_id").values_list("type", flat=True))


def hear_of_payment() -> None:
    """Let orders hear of the payment, and inventory not yet of what follows."""
    saga = find_subscriber("orders.saga")
    assert saga
    drain(saga)


class TestCallingOff:
    def test_before_stock_was_asked_for_is_answered_and_asking_late_holds_nothing(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place()
        late = take_from_inventory()
        cancel(order)
        assert settled(order).status == "cancelled"
        assert Reservation.objects.get().status == "released"
        put_back(late)
        assert settled(order).status == "cancelled"
        assert told_of(order) == ["inventory.inventory_released"]
        assert levels() == {"SKU-A@BER": (10, 0)}

    def test_of_some_that_have_stock_and_some_that_have_not_answers_all(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        with_stock = place()
        drain_all()
        without = place()
        take_from_inventory()
        for order in (with_stock, without):
            cancel(order)
        work_off()
        assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}
        assert levels() == {"SKU-A@BER": (10, 0)}


class TestPaymentThatWaitsForItsCustomer:
    def order_waiting(self, **changes: Any) -> tuple[Order, Reservation]:
        """Give an order whose reservation was changed just before the customer was asked."""
        stock({"SKU-A": {"BER": 10}})
        order = place(token="tok_requires_action")
        drain_all()
        Reservation.objects.update(**changes)
        work_off()
        return order, Reservation.objects.get()

    def test_keeps_the_stock_until_after_the_customers_time(self) -> None:
        soon = timezone.now() + timedelta(seconds=30)
        order, reservation = self.order_waiting(expires_at=soon)
        until = Payment.objects.get(order_id=order.id).action_expires_at
        assert until is not None
        assert reservation.expires_at == until + timedelta(minutes=2)
        assert not reservation.extendable

    def test_never_goes_past_the_limit(self) -> None:
        limit = timezone.now().replace(microsecond=0) + timedelta(minutes=5)
        _, reservation = self.order_waiting(latest_at=limit)
        assert (reservation.expires_at, reservation.extendable) == (limit, False)

    def test_never_shortens_the_hold(self) -> None:
        late = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
        _, reservation = self.order_waiting(expires_at=late)
        assert reservation.expires_at == late

    def test_is_not_put_off_again(self) -> None:
        order, reservation = self.order_waiting()
        expire_reservations(now=reservation.expires_at)
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "reservation_expired")


class TestStockGoneAfterConfirmation:
    def test_keeps_which_skus_were_short(self) -> None:
        stock({"SKU-A": {"BER": 2}, "SKU-B": {"BER": 9}})
        order = place([("SKU-A", 2), ("SKU-B", 1)])
        drain_all()
        past = timezone.now() - timedelta(seconds=1)
        Reservation.objects.update(expires_at=past, latest_at=past)
        dispatch_all()
        hear_of_payment()
        expire_reservations(now=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("UPDATE inventory_stocklevel SET on_hand = 1 WHERE sku = 'SKU-A'")
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "out_of_stock")
        reservation = Reservation.objects.get()
        assert reservation.shortages == [{"sku": "SKU-A", "wanted": 2, "available": 1}]
