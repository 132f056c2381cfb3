"""Orders that a person looks at before they are confirmed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.inventory.services.expire_reservations import expire_reservations
from apps.orders.domain.refusals import IllegalTransition
from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.orders.services.release_order import release_order
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.shop import drain_all, levels, payment_of, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(settings: Any) -> Order:
    settings.OMS_REVIEW_ABOVE_MINOR = 3000
    stock({"SKU-A": {"BER": 10}})
    order = settled(place([("SKU-A", 2)]))
    assert order.status == "payment_authorized"
    return order


class TestReview:
    def test_holds_only_what_is_above_the_limit(self, held: Order) -> None:
        assert settled(place([("SKU-A", 1)])).status == "confirmed"
        assert StoredEvent.objects.filter(type="orders.order_held").count() == 1

    def test_releases_into_a_confirmed_order_once(self, held: Order) -> None:
        for _ in range(2):
            release_order(order_id=held.id, cause=make_cause("agent:1"), now=timezone.now())
        assert settled(held).status == "confirmed"
        assert payment_of(held).status == "captured"
        assert StoredEvent.objects.filter(type="orders.order_confirmed").count() == 1

    def test_gives_everything_back_where_it_is_turned_down(self, held: Order) -> None:
        reject(held)
        order = settled(held)
        assert (order.status, order.cancel_reason) == ("cancelled", "review_rejected")
        assert payment_of(order).status == "voided"
        assert levels() == {"SKU-A@BER": (10, 0)}

    def test_refuses_to_release_what_is_called_off(self, held: Order) -> None:
        reject(held)
        with pytest.raises(IllegalTransition):
            release_order(order_id=held.id, cause=make_cause(), now=timezone.now())

    def test_calls_off_what_nobody_looked_at_while_the_stock_was_held(self, held: Order) -> None:
        long_after = timezone.now() + timedelta(days=2)
        expire_reservations(now=long_after)
        drain_all()
        expire_reservations(now=long_after)
        order = settled(held)
        assert (order.status, order.cancel_reason) == ("cancelled", "reservation_expired")
        assert payment_of(order).status == "voided"
        assert levels() == {"SKU-A@BER": (10, 0)}


def reject(order: Order) -> None:
    cancel_order(
        order_id=order.id,
        reason=CancelReason.REVIEW_REJECTED,
        detail="Looks odd.",
        cause=make_cause("agent:1"),
        now=timezone.now(),
    )
