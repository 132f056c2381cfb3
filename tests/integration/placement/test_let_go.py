"""Orders whose payment somebody let go after it had been charged: called off once nothing of it is left."""

import pytest
from django.utils import timezone

from apps.kernel.events.payments import PaymentDisputeClosed, PaymentRefunded
from apps.kernel.identifiers import PaymentId
from apps.orders.models import Order
from apps.orders.services.note_disputes import note_decided_dispute
from apps.orders.services.note_money import note_refund
from tests.integration.notifications.story import delivered
from tests.integration.shop import payment_of, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    """An order that is paid."""
    stock({"SKU-A": {"BER": 10}})
    order = settled(place())
    assert (order.status, order.payment_status) == ("confirmed", "captured")
    return order


def refund(order: Order, refunded_minor: int, *, is_unwanted: bool, lost_minor: int = 0) -> None:
    event = PaymentRefunded(
        payment_id=PaymentId(payment_of(order).id),
        order_id=order.id,
        amount_minor=refunded_minor,
        refunded_minor=refunded_minor,
        currency="EUR",
        # As much was asked for, which says nothing of why the order's payment is gone.
        wanted_minor=refunded_minor,
        lost_minor=lost_minor,
        is_unwanted=is_unwanted,
    )
    note_refund([delivered(event)], now=timezone.now())


def lose(order: Order, lost_minor: int, *, is_unwanted: bool) -> None:
    event = PaymentDisputeClosed(
        payment_id=PaymentId(payment_of(order).id),
        order_id=order.id,
        reference="du_1",
        amount_minor=lost_minor,
        currency="EUR",
        is_won=False,
        lost_minor=lost_minor,
        is_unwanted=is_unwanted,
    )
    note_decided_dispute([delivered(event)], now=timezone.now())


def ending(order: Order) -> tuple[str, str]:
    order = settled(order)
    return order.status, order.cancel_reason


GONE, GOES_ON = ("cancelled", "payment_voided"), ("confirmed", "")


@pytest.mark.parametrize(("is_unwanted", "end"), [(True, GONE), (False, GOES_ON)])
class TestAnOrder:
    def test_whose_money_all_went_back(
        self, order: Order, is_unwanted: bool, end: tuple[str, str]
    ) -> None:
        refund(order, order.total_minor, is_unwanted=is_unwanted)
        assert ending(order) == end

    def test_whose_money_went_back_but_for_what_is_lost(
        self, order: Order, is_unwanted: bool, end: tuple[str, str]
    ) -> None:
        refund(order, order.total_minor - 1000, is_unwanted=is_unwanted, lost_minor=1000)
        assert ending(order) == end

    def test_whose_money_is_lost(
        self, order: Order, is_unwanted: bool, end: tuple[str, str]
    ) -> None:
        lose(order, order.total_minor, is_unwanted=is_unwanted)
        assert ending(order) == end


def test_goes_on_while_some_of_it_is_still_to_go_back(order: Order) -> None:
    refund(order, 1000, is_unwanted=True)
    assert ending(order) == GOES_ON
