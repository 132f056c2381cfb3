"""Money of orders that go on: asked for in parts, given back once each, by whatever way it takes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.orders.domain.refusals import InvalidRefund, NothingToRefund
from apps.orders.models import Order, OrderRefund
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_again import undo_what_is_due
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import hear
from tests.integration.shop import call_off, drain_all, payment_of, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)

NO = Declined(code="refused", detail="The account takes no refunds.")


@pytest.fixture
def order() -> Order:
    """An order of 3 + 1 units at 19.90 with 4.90 shipping, confirmed and charged: 84.50."""
    stock({"SKU-A": {"BER": 10}, "SKU-B": {"BER": 10}})
    order = settled(place([("SKU-A", 3), ("SKU-B", 1)]))
    assert (order.status, order.payment_status) == ("confirmed", "captured")
    assert (order.total_minor, order.captured_minor) == (8450, 8450)
    return order


def refund(order: Order, amount: int | None = None, **wish: Any) -> OrderRefund:
    return refund_order(
        order_id=order.id,
        wish=RefundWish(amount_minor=amount, **wish),
        reason="dented",
        cause=make_cause(),
        now=timezone.now(),
    )


def states(order: Order) -> list[tuple[int, str]]:
    return list(
        OrderRefund.objects.filter(order_id=order.id)
        .order_by("nth")
        .values_list("amount_minor", "status")
    )


def given_back(order: Order) -> list[int]:
    """List what refunds were made for, oldest first."""
    return list(
        PaymentOperation.objects.filter(
            payment__order_id=order.id, kind="refund", state="succeeded"
        )
        .order_by("id")
        .values_list("amount_minor", flat=True)
    )


def open_refund(order: Order) -> PaymentOperation:
    return PaymentOperation.objects.get(
        payment__order_id=order.id, kind="refund", state__in=("pending", "unknown")
    )


class TestRefunds:
    def test_give_an_amount_back_and_leave_the_order_as_it_is(self, order: Order) -> None:
        made = refund(order, 1000)
        assert states(order) == [(1000, "requested")]
        order = settled(order)
        assert (order.status, order.payment_status) == ("confirmed", "partially_refunded")
        assert states(order) == [(1000, "done")]
        payment = payment_of(order)
        assert (payment.status, payment.refunded_minor) == ("partially_refunded", 1000)
        assert (made.reason, made.nth) == ("dented", 1)

    def test_give_units_back_with_their_share_of_the_shipping(self, order: Order) -> None:
        first = refund(order, units={"SKU-A": 1})
        assert first.amount_minor == 2112
        second = refund(order, units={"SKU-A": 2, "SKU-B": 1})
        assert first.amount_minor + second.amount_minor == order.total_minor
        order = settled(order)
        assert order.payment_status == "refunded"
        assert sum(given_back(order)) == 8450

    def test_that_come_together_are_one_call_or_follow_each_other(self, order: Order) -> None:
        refund(order, 1000)
        drain_all()
        refund(order, 500)
        refund(order, 250)
        order = settled(order)
        assert given_back(order) == [1000, 750]
        assert states(order) == [(1000, "done"), (500, "done"), (250, "done")]
        assert order.payment_status == "partially_refunded"

    def test_give_all_that_is_left_back(self, order: Order) -> None:
        refund(order, 1000)
        assert refund(order).amount_minor == 7450
        assert settled(order).payment_status == "refunded"

    @pytest.mark.parametrize(
        "wish",
        [{"amount": 8451}, {"amount": 0}, {"units": {"SKU-A": 4}}, {"units": {"SKU-C": 1}}],
    )
    def test_never_give_back_more_than_there_is(
        self, order: Order, wish: Mapping[str, Any]
    ) -> None:
        with pytest.raises(InvalidRefund):
            refund(order, **wish)
        assert states(order) == []

    def test_stay_below_the_limit_of_who_asks(self, order: Order) -> None:
        with pytest.raises(InvalidRefund):
            refund_order(
                order_id=order.id,
                wish=RefundWish(amount_minor=1001),
                reason="",
                cause=make_cause(),
                now=timezone.now(),
                at_most_minor=1000,
            )

    def test_are_refused_when_nothing_is_left(self, order: Order) -> None:
        refund(order)
        with pytest.raises(NothingToRefund):
            refund(order)

    def test_are_refused_before_anything_is_charged(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        with pytest.raises(NothingToRefund):
            refund(place(), 1)

    def test_asked_for_at_once_never_exceed_what_was_charged(self, order: Order) -> None:
        def ask(_: int) -> bool:
            try:
                refund(order, 3000)
            except InvalidRefund:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(5) as pool:
            assert sum(pool.map(ask, range(5))) == 2
        settled(order)
        assert sum(given_back(order)) == 6000

    def test_heard_twice_are_given_back_once(self, order: Order) -> None:
        refund(order, 1000)
        event = StoredEvent.objects.get(type="orders.order_refund_requested")
        drain_all()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) "
                "SELECT 'payments.saga', 0, event_id, occurred_at, key FROM outbox_event "
                "WHERE event_id = %s",
                [event.event_id],
            )
        settled(order)
        assert given_back(order) == [1000]


class TestARefundThatFails:
    def test_is_shown_tried_again_and_done_in_the_end(self, order: Order) -> None:
        refund(order, 1000)
        drain_all()
        payment = hear(open_refund(order), NO, timezone.now())
        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert payment.undo_at is not None
        drain_all()
        order = Order.objects.get(id=order.id)
        assert order.payment_status == "refund_failed"
        assert states(order) == [(1000, "failing")]
        Payment.objects.update(undo_at=timezone.now())
        assert undo_what_is_due(now=timezone.now()) == 1
        assert (
            hear(open_refund(order), Done(reference="re_2"), timezone.now()).refunded_minor == 1000
        )
        drain_all()
        assert states(order) == [(1000, "done")]

    def test_that_came_back_is_open_again(self, order: Order) -> None:
        refund(order, 1000)
        refund(order, 500)
        order = settled(order)
        refund(order, 700)
        order = settled(order)
        payment = payment_of(order)
        review_setbacks(about={payment.id: ()}, now=timezone.now())
        hear(open_refund(order), NO, timezone.now())
        drain_all()
        assert states(order) == [(1000, "done"), (500, "done"), (700, "failing")]


class TestACancellation:
    def test_gives_back_what_refunds_have_left(self, order: Order) -> None:
        refund(order, 1000)
        drain_all()
        call_off(order)
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert given_back(order) == [1000, 7450]

    def test_waits_for_all_of_the_money(self, order: Order) -> None:
        refund(order, 1000)
        drain_all()
        call_off(order)
        drain_all()
        hear(open_refund(order), Done(reference="re_1"), timezone.now())
        drain_all()
        order = Order.objects.get(id=order.id)
        assert order.status == "cancellation_pending"
        hear(open_refund(order), Done(reference="re_2"), timezone.now())
        work_off()
        order = Order.objects.get(id=order.id)
        assert order.status == "cancelled"

    def test_owes_no_answer_where_all_of_it_is_back(self, order: Order) -> None:
        refund(order)
        order = settled(order)
        assert order.payment_status == "refunded"
        call_off(order)
        assert settled(order).status == "cancelled"
        assert given_back(order) == [8450]

    def test_takes_no_refund_beside_it(self, order: Order) -> None:
        call_off(order)
        with pytest.raises(NothingToRefund):
            refund(order, 1000)
