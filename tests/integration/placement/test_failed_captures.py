"""Confirmed orders whose money cannot be charged after all."""

from uuid import UUID

import pytest
from django.utils import timezone

from apps.notifications.models import Message
from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from apps.payments.ports import Declined
from apps.payments.services.apply_gateway_facts import GatewayFact, apply_gateway_facts
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


def decline_capture(order_id: UUID) -> None:
    operation = PaymentOperation.objects.get(payment__order_id=order_id, kind="capture")
    apply_gateway_facts(
        facts=[
            GatewayFact(
                operation_id=operation.id,
                payment_id=operation.payment_id,
                token=operation.token,
                result=NO,
            )
        ],
        now=timezone.now(),
    )


class TestAFailedCapture:
    def test_calls_the_order_off_and_tells_its_customer(self) -> None:
        order = confirmed()
        decline_capture(order.id)
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_failed")
        assert order.cancel_detail == NO.detail
        assert payment_of(order).status == "voided"
        assert levels() == {"SKU-A@BER": (10, 0)}
        assert Message.objects.filter(kind="order_payment_failed").count() == 1

    def test_leaves_an_order_that_is_on_its_way_to_customer_service(self) -> None:
        order = confirmed()
        order.process()
        order.save()
        decline_capture(order.id)
        order = settled(order)
        assert (order.status, order.payment_status) == ("processing", "capture_failed")
        assert order.history.filter(what="Capture failed (canceled)").count() == 1
        assert payment_of(order).status == "authorized"
