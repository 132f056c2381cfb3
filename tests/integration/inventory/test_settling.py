"""What becomes of reservations: of orders called off before they had one, and of late payments."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.inventory.models import Reservation, ReservationStep
from apps.inventory.services.expire_reservations import expire_reservations
from apps.inventory.services.wait_for_providers import wait_for_providers
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import StoredEvent
from apps.platform.outbox.registry import find_subscriber
from tests.conftest import make_cause
from tests.integration.shop import (
    call_off,
    dispatch_all,
    drain_all,
    levels,
    place,
    settled,
    stock,
    work_off,
)

pytestmark = pytest.mark.django_db(transaction=True)


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


def confirmed_after_its_hold(left: int) -> Order:
    """Give an order of 2 × SKU-A whose hold ran out on the way; `left` units are there then."""
    order = place([("SKU-A", 2)])
    drain_all()
    past = timezone.now() - timedelta(seconds=1)
    Reservation.objects.update(expires_at=past, latest_at=past)
    dispatch_all()
    hear_of_payment()
    expire_reservations(now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stocklevel SET on_hand = %s WHERE sku = 'SKU-A'", [left])
    return settled(order)


class TestCallingOff:
    def test_before_stock_was_asked_for_is_answered_and_asking_late_holds_nothing(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place()
        late = take_from_inventory()
        call_off(order)
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
            call_off(order)
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

    def test_may_be_put_off_again_once_its_provider_reviews_it(self) -> None:
        order, reservation = self.order_waiting()
        for _ in range(2):
            wait_for_providers(causes={order.id: make_cause()}, now=timezone.now())
        expire_reservations(now=reservation.expires_at)
        assert settled(order).status == "payment_pending"
        later = Reservation.objects.get()
        assert later.expires_at > reservation.expires_at
        steps = ReservationStep.objects.order_by("position").values_list("what", flat=True)
        assert list(steps)[2:] == [
            "May be held longer: the provider reviews the payment",
            "Held longer: the payment waits for its provider",
        ]

    def test_is_not_held_again_by_a_review_that_comes_too_late(self) -> None:
        order, reservation = self.order_waiting()
        expire_reservations(now=reservation.expires_at)
        before = Reservation.objects.values().get()
        assert (before["status"], before["extendable"]) == ("expired", False)
        wait_for_providers(causes={order.id: make_cause()}, now=timezone.now())
        assert Reservation.objects.values().get() == before

    @pytest.mark.parametrize("token", ["tok_approve", "tok_unavailable", "tok_decline"])
    def test_is_left_alone_where_nobody_was_asked(self, token: str) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token=token))
        before = Reservation.objects.values().get()
        wait_for_providers(causes={order.id: make_cause()}, now=timezone.now())
        assert Reservation.objects.values().get() == before


class TestStockGoneAfterConfirmation:
    def test_keeps_which_skus_were_short(self) -> None:
        stock({"SKU-A": {"BER": 2}})
        order = confirmed_after_its_hold(1)
        assert (order.status, order.cancel_reason) == ("cancelled", "out_of_stock")
        reservation = Reservation.objects.get()
        assert reservation.shortages == [{"sku": "SKU-A", "wanted": 2, "available": 1}]


def history_of(order: Order) -> list[tuple[str, str, str]]:
    """Give (status before, status after, what) of each step of the order's reservation."""
    steps = list(ReservationStep.objects.filter(reservation__order_id=order.id))
    assert [step.position for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.actor == "system" and step.causation_id for step in steps)
    assert Reservation.objects.get(order_id=order.id).steps == len(steps)
    return [(step.from_status, step.to_status, step.what) for step in steps]


class TestHistory:
    def test_of_a_confirmed_order(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        assert history_of(order) == [
            ("", "held", "Stock reserved"),
            ("held", "committed", "Units kept: the order was confirmed"),
        ]
        first = ReservationStep.objects.order_by("position")[0]
        created = StoredEvent.objects.get(type="orders.order_created")
        assert first.causation_id == str(created.event_id)
        assert first.correlation_id == created.correlation_id

    def test_of_an_order_called_off(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        call_off(order)
        work_off()
        assert history_of(order)[2:] == [
            ("committed", "released", "Units given back: the order was called off")
        ]

    def test_of_an_order_called_off_before_stock_was_asked_for(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place()
        take_from_inventory()
        call_off(order)
        work_off()
        assert history_of(order) == [("", "released", "Called off before stock was asked for")]

    def test_of_an_order_without_stock(self) -> None:
        stock({"SKU-A": {"BER": 0}})
        assert history_of(settled(place())) == [("", "unavailable", "Not enough stock")]

    def test_of_a_hold_put_off_and_given_up(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_unavailable"))
        for _ in range(2):
            expire_reservations(now=Reservation.objects.get().expires_at)
        Reservation.objects.update(latest_at=timezone.now())
        expire_reservations(now=Reservation.objects.get().expires_at)
        assert history_of(order)[1:] == [
            ("held", "held", "Held longer: the payment waits for its provider"),
            ("held", "held", "Held longer: the payment waits for its provider"),
            ("held", "expired", "Units given back: its time was over"),
        ]

    def test_of_an_order_that_waits_for_its_customer(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_requires_action"))
        assert history_of(order)[1:] == [
            ("held", "held", "Held as long as the customer may take to approve the payment")
        ]

    @pytest.mark.parametrize("left", [2, 0])
    def test_of_an_order_confirmed_after_its_hold(self, left: int) -> None:
        stock({"SKU-A": {"BER": 2}})
        order = confirmed_after_its_hold(left)
        assert history_of(order)[2:] == [
            ("expired", "committed", "Stock reserved again: the order was confirmed")
            if left
            else ("expired", "expired", "Not enough stock to reserve it again")
        ]

    @pytest.mark.parametrize("orders", [1, 5])
    def test_is_written_by_the_statements_that_change_the_reservations(self, orders: int) -> None:
        stock({"SKU-A": {"BER": 500}})
        for _ in range(orders):
            place()
        asking_for_stock = tables_written()
        drain_all()
        dispatch_all()
        hear_of_payment()
        keeping_it = tables_written()
        assert asking_for_stock == [
            ["inventory_reservation", "inventory_reservationitem", "inventory_reservationstep"],
            ["inventory_stocklevel"],
            ["inventory_stockmovement"],
        ]
        assert keeping_it == [["inventory_reservationstep", "inventory_reservation"]]


def tables_written() -> list[list[str]]:
    """Hand inventory what waits for it; gives the tables that each of its statements writes."""
    subscriber = find_subscriber("inventory.reservations")
    assert subscriber
    with CaptureQueriesContext(connection) as queries:
        drain(subscriber)
    written = [
        re.findall(r'(?:INSERT INTO|UPDATE) "?(inventory_\w+)', query["sql"]) for query in queries
    ]
    return [tables for tables in written if tables]
