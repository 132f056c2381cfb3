"""Calling orders off at every stage, alone and against everything else that happens."""

import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.kernel.events.orders import OrderCancellationRequested
from apps.kernel.identifiers import OrderId
from apps.orders.domain.refusals import IllegalTransition, OrderNotFound
from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.payments.models import PaymentOperation
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import StoredEvent
from apps.platform.outbox.registry import list_subscribers
from tests.conftest import make_cause
from tests.integration.shop import (
    dispatch_all,
    drain_all,
    levels,
    payment_of,
    place,
    settled,
    stock,
    work_off,
)

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(order: Order) -> Order:
    return cancel_order(
        order_id=order.id,
        reason=CancelReason.CUSTOMER_REQUEST,
        detail="changed my mind",
        cause=make_cause("customer:1"),
        now=timezone.now(),
    ).order


def together(*actions: Callable[[], object]) -> list[Exception]:
    """Run actions at the same moment, each on a connection of its own; gives what they raised."""
    barrier = threading.Barrier(len(actions), timeout=10)
    errors: list[Exception] = []

    def run(action: Callable[[], object]) -> None:
        try:
            barrier.wait()
            action()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def drain_all_but(name: str) -> None:
    for subscriber in list_subscribers():
        if subscriber.name != name:
            drain(subscriber)


def drop_deliveries(subscriber: str) -> list[tuple[Any, ...]]:
    """Lose what waits for a subscriber; gives it for later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM outbox_delivery WHERE subscriber = %s "
            "RETURNING subscriber, lane, event_id, occurred_at, key",
            [subscriber],
        )
        return list(cursor.fetchall())


def deliver_again(lost: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) "
            "VALUES (%s, %s, %s, %s, %s)",
            lost,
        )


class TestCancelOrder:
    def test_refuses_an_order_that_is_not_there(self) -> None:
        with pytest.raises(OrderNotFound):
            cancel_order(
                order_id=OrderId(uuid.uuid4()),
                reason=CancelReason.CUSTOMER_REQUEST,
                detail="",
                cause=make_cause(),
                now=timezone.now(),
            )

    def test_ends_an_order_just_placed_without_a_payment(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place()
        assert cancel(order).status == "cancellation_pending"
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "customer_request")
        assert levels() == {"SKU-A@BER": (10, 0)}
        assert not PaymentOperation.objects.exists()
        assert not order.history.filter(what__contains="Payment").exists()

    def test_ends_an_order_whose_payment_was_never_begun(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place()
        while not Order.objects.filter(status="payment_pending").exists():
            drain_all_but("payments.saga")
        lost = drop_deliveries("payments.saga")
        assert lost
        cancel(order)
        order = settled(order)
        assert order.status == "cancelled"
        assert (payment_of(order).status, payment_of(order).amount_minor) == ("failed", 0)

        deliver_again(lost)
        work_off()
        assert not PaymentOperation.objects.exists()

    def test_waits_for_an_authorisation_in_flight_and_voids_it(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place(token="tok_timeout")
        drain_all()
        dispatch_all()
        assert PaymentOperation.objects.get().state == "unknown"
        cancel(order)
        drain_all()
        assert Order.objects.get(id=order.id).status == "cancellation_pending"
        PaymentOperation.objects.filter(gate="sandbox-lost").update(next_at=timezone.now())
        order = settled(order)
        assert (order.status, payment_of(order).status) == ("cancelled", "voided")
        assert order.payment_id == payment_of(order).id
        assert levels() == {"SKU-A@BER": (10, 0)}

    def test_drops_a_payment_that_was_never_made(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_unavailable"))
        cancel(order)
        order = settled(order)
        assert order.status == "cancelled"
        assert (payment_of(order).status, payment_of(order).failure_code) == ("failed", "cancelled")

    def test_takes_back_an_approval_that_nobody_gave(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_requires_action"))
        cancel(order)
        order = settled(order)
        assert (order.status, payment_of(order).status) == ("cancelled", "failed")

    def test_refunds_a_captured_payment(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        cancel(order)
        order = settled(order)
        assert order.status == "cancelled"
        payment = payment_of(order)
        assert (payment.status, payment.refunded_minor) == ("refunded", order.total_minor)
        assert levels() == {"SKU-A@BER": (10, 0)}

    def test_changes_and_publishes_nothing_when_asked_again(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        cancel(order)
        cancel(order)
        settled(order)
        assert cancel(order).status == "cancelled"
        work_off()
        requested = StoredEvent.objects.filter(type="orders.order_cancellation_requested")
        assert requested.count() == 1
        assert OrderCancellationRequested.version == 1
        assert PaymentOperation.objects.filter(kind="refund").count() == 1

    def test_refuses_once_an_order_is_on_its_way(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        order.process()
        order.save()
        with pytest.raises(IllegalTransition) as refusal:
            cancel(order)
        assert refusal.value.context == {"status": "processing"}


class TestRaces:
    def test_two_cancellations_are_one(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        assert together(*[lambda: cancel(order)] * 6) == []
        assert settled(order).status == "cancelled"
        assert StoredEvent.objects.filter(type="orders.order_cancellation_requested").count() == 1
        assert payment_of(order).refunded_minor == order.total_minor

    def test_cancelling_while_the_payment_is_confirmed_gives_everything_back(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        for _ in range(5):
            order = place()
            drain_all()
            errors = together(partial(cancel, order), dispatch_all, drain_all)
            assert errors == []
            order = settled(order)
            assert order.status == "cancelled"
            assert payment_of(order).status in ("failed", "voided", "refunded")
            assert levels() == {"SKU-A@BER": (10, 0)}
