"""Orders whose money was promised and cannot be charged after all."""

from typing import Any

import pytest
from django.utils import timezone

from apps.notifications.models import Message
from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.services.review_setbacks import review_setbacks
from tests.integration.payments.story import hear
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

NO = Declined(code="canceled", detail="The payment was called off before it was completed.")


def confirmed() -> Order:
    """Place an order and confirm it; its capture is still to be made."""
    stock({"SKU-A": {"BER": 10}})
    order = place()
    drain_all()
    dispatch_all()
    drain_all()
    order = Order.objects.get(id=order.id)
    assert order.status == "confirmed"
    return order


def call_of(order: Order, kind: str) -> PaymentOperation:
    return PaymentOperation.objects.get(payment__order_id=order.id, kind=kind)


def expire(order: Order) -> None:
    """Have the provider say that the order's authorisation has run out."""
    review_setbacks(about={payment_of(order).id: ()}, now=timezone.now())
    hear(call_of(order, "void"), Done(reference="sbx_1", has_expired=True), timezone.now())


class TestAFailedCapture:
    def test_calls_the_order_off_and_tells_its_customer(self) -> None:
        order = confirmed()
        hear(call_of(order, "capture"), NO, timezone.now())
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_failed")
        assert order.cancel_detail == NO.detail
        assert payment_of(order).status == "voided"
        assert levels() == {"SKU-A@BER": (10, 0)}
        message = Message.objects.get(kind="order_payment_failed")
        assert message.context["code"] == "canceled"

    def test_leaves_an_order_that_is_on_its_way_to_customer_service(self) -> None:
        order = confirmed()
        order.process()
        order.save()
        hear(call_of(order, "capture"), NO, timezone.now())
        order = settled(order)
        assert (order.status, order.payment_status) == ("processing", "capture_failed")
        assert order.history.filter(what="Capture failed (canceled)").count() == 1
        assert payment_of(order).status == "authorized"


class TestAnAuthorisationThatRanOut:
    def test_calls_the_order_off(self, settings: Any) -> None:
        settings.OMS_REVIEW_ABOVE_MINOR = 1
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        assert order.status == "payment_authorized"
        review_setbacks(about={payment_of(order).id: ()}, now=timezone.now())
        hear(call_of(order, "void"), Done(reference="sbx_1"), timezone.now())

        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_voided")
        assert payment_of(order).status == "voided"
        assert levels() == {"SKU-A@BER": (10, 0)}

    def test_is_told_apart_from_one_that_was_let_go(self, settings: Any) -> None:
        settings.OMS_REVIEW_ABOVE_MINOR = 1
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        expire(order)

        order = settled(order)
        assert (order.status, order.cancel_code) == ("cancelled", "authorization_expired")
        assert "Please order again." in order.cancel_detail
        assert payment_of(order).history.filter(what="Authorisation expired").count() == 1

    def test_of_an_order_on_its_way_asks_staff_for_another_payment(self, settings: Any) -> None:
        settings.OMS_CAPTURE_ON = "request"
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        order.process()
        order.save()
        expire(order)

        order = settled(order)
        assert (order.status, order.payment_status) == ("processing", "voided")
        assert order.history.latest("position").what == (
            "Payment authorisation expired before it was charged: ask the customer to pay again"
        )
