"""What is written down of a payment's life: every change, when, who wanted it and why."""

import pytest
from django.utils import timezone

from apps.orders.domain.statuses import CancelReason
from apps.orders.services.cancel_order import cancel_order
from apps.payments.models import PaymentOperation
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.shop import payment_of, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


class TestHistory:
    def test_tells_every_change_with_who_wanted_it_and_why(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        cancel_order(
            order_id=order.id,
            reason=CancelReason.CUSTOMER_REQUEST,
            detail="changed my mind",
            cause=make_cause("agent:7"),
            now=timezone.now(),
        )
        settled(order)

        payment = payment_of(order)
        steps = list(payment.history.all())
        assert [(one.position, one.what, one.from_status, one.to_status) for one in steps] == [
            (1, "Asked for", "", "pending"),
            (2, "Authorised", "pending", "authorized"),
            (3, "Captured", "authorized", "captured"),
            (4, "Called off", "captured", "captured"),
            (5, "Refunded", "captured", "refunded"),
        ]
        assert [one.actor for one in steps] == [*["system"] * 3, "agent:7", "agent:7"]
        requested = StoredEvent.objects.get(type="orders.order_cancellation_requested")
        assert steps[3].causation_id == str(requested.event_id)
        refund = PaymentOperation.objects.get(kind="refund")
        assert (refund.actor, steps[4].causation_id) == ("agent:7", f"operation:{refund.id}")
        assert {one.correlation_id for one in steps[3:]} == {requested.correlation_id}

    def test_tells_why_there_is_no_payment(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_decline"))
        assert [one.what for one in payment_of(order).history.all()] == [
            "Asked for",
            "Failed (card_declined)",
        ]
