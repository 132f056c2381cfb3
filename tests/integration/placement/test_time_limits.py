"""Orders that wait: for their customer's approval, and for money while their stock is held."""

from datetime import timedelta
from unittest.mock import ANY

import pytest
from django.db import connection
from django.utils import timezone

from apps.inventory.models import Reservation
from apps.inventory.services.expire_reservations import expire_reservations
from apps.orders.models import Order
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.decide_approval import decide_approval
from apps.payments.services.handle_messages import handle_messages
from apps.platform.outbox.models import StoredEvent
from tests.integration.shop import (
    dispatch_all,
    drain_all,
    levels,
    payment_of,
    place,
    settled,
    stock,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestApproval:
    @pytest.mark.parametrize(
        ("approved", "status", "payment"),
        [(True, "confirmed", "captured"), (False, "cancelled", "failed")],
    )
    def test_decides_the_order(self, approved: bool, status: str, payment: str) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_requires_action"))
        reference = payment_of(order).authorization
        decide_approval(reference=reference, approved=approved, now=timezone.now())
        decide_approval(reference=reference, approved=not approved, now=timezone.now())
        assert handle_messages(now=timezone.now()) == 2
        order = settled(order)
        assert (order.status, payment_of(order).status) == (status, payment)

    def test_runs_out_with_the_time_the_customer_has(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_requires_action"))
        past = timezone.now() - timedelta(seconds=1)
        Payment.objects.update(action_expires_at=past)
        PaymentOperation.objects.update(next_at=timezone.now())
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_failed")
        assert order.cancel_detail == "The payment was not approved in time."


class TestExpiry:
    def test_is_put_off_while_the_wait_is_ours(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_unavailable"))
        Reservation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert expire_reservations(now=timezone.now()) == 1
        reservation = Reservation.objects.get()
        assert reservation.status == "held"
        assert reservation.expires_at > timezone.now()
        assert settled(order).status == "payment_pending"

    def test_ends_the_order_for_good_at_the_limit(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_unavailable"))
        past = timezone.now() - timedelta(seconds=1)
        Reservation.objects.update(expires_at=past, latest_at=past)
        expire_reservations(now=timezone.now())
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "reservation_expired")
        assert Reservation.objects.get().status == "expired"
        assert levels() == {"SKU-A@BER": (10, 0)}

    @pytest.mark.parametrize(("left", "status"), [(10, "confirmed"), (0, "cancelled")])
    def test_against_a_late_payment_reserves_again_or_gives_the_money_back(
        self, left: int, status: str
    ) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = place([("SKU-A", 10 - left or 10)] if left else [("SKU-A", 10)])
        drain_all()
        past = timezone.now() - timedelta(seconds=1)
        Reservation.objects.update(expires_at=past, latest_at=past)
        dispatch_all()  # the money is there, and orders has not heard yet
        with_saga_held = StoredEvent.objects.filter(type="payments.payment_authorized").count()
        assert with_saga_held == 1
        confirm_before_expiry_is_heard(order)
        expire_reservations(now=timezone.now())
        if not left:
            take_all_stock()
        order = settled(order)
        assert order.status == status
        money = payment_of(order)
        assert (money.status == "captured") == (status == "confirmed")
        assert money.status in ("captured", "voided", "refunded")
        assert Reservation.objects.filter(order_id=order.id).values_list("status", flat=True)[
            0
        ] == ("committed" if status == "confirmed" else ANY)


def confirm_before_expiry_is_heard(order: Order) -> None:
    """Let orders hear of the payment, and inventory not yet of the confirmation."""
    from apps.platform.outbox.draining import drain
    from apps.platform.outbox.registry import find_subscriber

    saga = find_subscriber("orders.saga")
    assert saga
    drain(saga)
    assert Order.objects.get(id=order.id).status == "confirmed"


def take_all_stock() -> None:
    """Let somebody else have the units that the expiry set free."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stocklevel SET on_hand = 0")
