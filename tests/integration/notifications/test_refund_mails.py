"""What customers hear of money that goes back: each amount once, and with a cancellation in one mail."""

import uuid
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.kernel.events.orders import (
    OrderCancellationRequested,
    OrderCancelled,
    OrderCreated,
    OrderRefundRequested,
    RefundedUnits,
)
from apps.kernel.events.payments import PaymentRefunded
from apps.kernel.identifiers import PaymentId, RefundId, new_id
from apps.notifications import handlers
from apps.notifications.models import KnownRefunds, Message
from apps.notifications.services.remember_orders import OrderNotKnown
from apps.notifications.services.send_messages import send_messages
from apps.orders.models import Order
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import PaymentOperation
from apps.payments.ports import Done
from apps.payments.services.review_setbacks import review_setbacks
from tests.conftest import make_cause
from tests.integration.notifications.story import created, delivered
from tests.integration.notifications.test_journey import customer
from tests.integration.payments.story import hear
from tests.integration.shop import call_off, payment_of, place, settled, stock, work_off


def ordered() -> OrderCreated:
    order = created(new_id())
    handlers.tell_of_receipt([delivered(order)])
    return order


def asked(order: OrderCreated, minor: int, upto: int, *units: RefundedUnits) -> None:
    request = OrderRefundRequested(
        order_id=order.order_id,
        refund_id=RefundId(new_id()),
        amount_minor=minor,
        wanted_minor=upto,
        currency="EUR",
        units=units,
    )
    handlers.note_refund_requests([delivered(request)])


def refunded(order: OrderCreated, minor: int, total: int) -> PaymentRefunded:
    return PaymentRefunded(
        payment_id=PaymentId(new_id()),
        order_id=order.order_id,
        amount_minor=minor,
        refunded_minor=total,
        currency="EUR",
    )


def give_back(order: OrderCreated, minor: int, total: int, event_id: int | None = None) -> None:
    handlers.tell_of_refunds([delivered(refunded(order, minor, total), event_id=event_id)])


def ask_to_cancel(order: OrderCreated) -> None:
    event = OrderCancellationRequested(order_id=order.order_id, reason="customer_request")
    handlers.await_cancellation([delivered(event)])


def cancel(order: OrderCreated) -> dict[str, Any]:
    event = OrderCancelled(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        reason="customer_request",
        detail="",
    )
    handlers.tell_of_cancellation([delivered(event)])
    context: dict[str, Any] = Message.objects.get(kind="order_cancelled").context
    return context


def amounts(order: OrderCreated) -> list[int]:
    """Give the amounts of the refund mails of an order."""
    mails = Message.objects.filter(order_id=order.order_id, kind="payment_refunded")
    return [mail.context["refunded"]["minor"] for mail in mails.order_by("id")]


MUG, LAMP = RefundedUnits(sku="SKU-A", quantity=1), RefundedUnits(sku="SKU-B", quantity=1)


@pytest.mark.django_db
class TestARefund:
    def test_is_told_with_what_it_is_for(self) -> None:
        order = ordered()
        asked(order, 1990, 1990, MUG)
        give_back(order, 1990, 1990, event_id=4711)
        mail = Message.objects.get(kind="payment_refunded")
        assert (mail.event_id, mail.customer_id) == (4711, order.customer_id)
        assert mail.context == {
            "number": order.number,
            "refunded": {"minor": 1990, "currency": "EUR"},
            "refunded_units": [{"sku": "SKU-A", "quantity": 1}],
        }

    def test_of_several_requests_at_once_tells_of_them_all(self) -> None:
        order = ordered()
        asked(order, 1990, 1990, MUG)
        asked(order, 500, 2490)
        asked(order, 1000, 3490, LAMP)
        give_back(order, 2490, 2490)
        give_back(order, 1000, 3490)
        first, second = Message.objects.filter(kind="payment_refunded").order_by("id")
        assert [one["sku"] for one in first.context["refunded_units"]] == ["SKU-A"]
        assert [one["sku"] for one in second.context["refunded_units"]] == ["SKU-B"]
        assert amounts(order) == [2490, 1000]

    def test_is_told_once_per_event(self) -> None:
        order = ordered()
        for _ in range(2):
            asked(order, 1990, 1990, MUG)
            give_back(order, 1990, 1990, event_id=1)
        assert amounts(order) == [1990]
        assert len(KnownRefunds.objects.get().asked_for) == 1

    def test_that_was_in_doubt_and_stands_is_not_told_again(self) -> None:
        order = ordered()
        give_back(order, 1000, 1000)
        give_back(order, 500, 1500)
        give_back(order, 1000, 1500)
        assert amounts(order) == [1000, 500]

    def test_made_while_another_was_in_doubt_is_told_when_the_sum_shows_it(self) -> None:
        order = ordered()
        give_back(order, 1000, 1000)
        give_back(order, 500, 500)
        give_back(order, 1000, 1500)
        assert amounts(order) == [1000, 500]

    def test_of_an_order_that_is_not_known_waits(self) -> None:
        with pytest.raises(OrderNotKnown):
            give_back(created(new_id()), 100, 100)
        assert not KnownRefunds.objects.exists()


@pytest.mark.django_db
class TestACancellation:
    def test_tells_what_went_back_in_the_same_mail(self) -> None:
        order = ordered()
        ask_to_cancel(order)
        give_back(order, 5470, 5470)
        assert amounts(order) == []
        assert cancel(order)["refunded"] == {"minor": 5470, "currency": "EUR"}

    def test_counts_what_went_back_before(self) -> None:
        order = ordered()
        give_back(order, 1000, 1000)
        ask_to_cancel(order)
        give_back(order, 4470, 5470)
        assert cancel(order)["refunded"]["minor"] == 5470
        assert amounts(order) == [1000]

    def test_says_nothing_of_it_where_nobody_was_charged(self) -> None:
        order = ordered()
        ask_to_cancel(order)
        assert "refunded" not in cancel(order)
        assert amounts(order) == []

    def test_is_not_followed_by_a_mail_on_what_it_told(self) -> None:
        order = ordered()
        ask_to_cancel(order)
        give_back(order, 5470, 5470)
        cancel(order)
        give_back(order, 5470, 5470)
        assert amounts(order) == []

    def test_is_followed_by_a_mail_on_what_goes_back_later(self) -> None:
        order = ordered()
        ask_to_cancel(order)
        cancel(order)
        give_back(order, 5470, 5470)
        assert amounts(order) == [5470]


@pytest.mark.django_db
class TestStatements:
    def test_are_as_many_for_hundreds_of_refunds_as_for_one(self) -> None:
        counts = set()
        for size in (1, 200):
            orders = [ordered() for _ in range(size)]
            batch = [delivered(refunded(order, 100, 100)) for order in orders]
            with CaptureQueriesContext(connection) as captured:
                handlers.tell_of_refunds(batch)
            counts.add(sum("SAVEPOINT" not in one["sql"] for one in captured.captured_queries))
        assert counts == {5}


@pytest.mark.django_db(transaction=True)
class TestTheJourney:
    @pytest.fixture
    def order(self) -> Order:
        """An order of two units at 19.90 with 4.90 shipping, confirmed and charged: 44.70."""
        stock({"SKU-A": {"BER": 10}})
        order = settled(place([("SKU-A", 2)], customer_id=customer("emil@example.com", "en")))
        send_messages()
        return order

    def told(self, mailoutbox: list[EmailMessage]) -> list[EmailMessage]:
        """Give the mails that came after receipt and confirmation."""
        send_messages()
        return mailoutbox[2:]

    def test_of_a_refund_ends_in_one_mail(
        self, order: Order, mailoutbox: list[EmailMessage]
    ) -> None:
        refund(order, RefundWish(units={"SKU-A": 1}))
        work_off()
        (mail,) = self.told(mailoutbox)
        assert mail.subject == f"A refund for your order {order.number}"
        assert "we have given €22.35 of what you paid" in str(mail.body)
        assert "1 × Name of SKU-A" in str(mail.body)

    def test_of_a_refund_that_was_in_doubt_ends_in_one_mail(
        self, order: Order, mailoutbox: list[EmailMessage]
    ) -> None:
        refund(order, RefundWish(amount_minor=1000))
        work_off()
        payment = payment_of(order)
        review_setbacks(about={payment.id: ()}, now=timezone.now())
        call = PaymentOperation.objects.get(kind="refund")
        hear(call, Done(reference=call.reference), timezone.now())
        work_off()
        assert [mail.subject for mail in self.told(mailoutbox)] == [
            f"A refund for your order {order.number}"
        ]

    def test_of_a_cancelled_charge_ends_in_one_mail_that_says_both(
        self, order: Order, mailoutbox: list[EmailMessage]
    ) -> None:
        call_off(order)
        work_off()
        (mail,) = self.told(mailoutbox)
        assert mail.subject == f"Your order {order.number} has been cancelled"
        assert "In all, we have given €44.70 back to you" in str(mail.body)

    def test_of_an_order_cancelled_before_it_was_charged_speaks_of_no_amount(
        self, mailoutbox: list[EmailMessage], settings: Any
    ) -> None:
        settings.OMS_CAPTURE_ON = "request"
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(customer_id=customer("emil@example.com", "en")))
        call_off(order)
        work_off()
        assert payment_of(order).status == "voided"
        (mail,) = self.told(mailoutbox)
        assert "If you have paid already" in str(mail.body)
        assert "€" not in str(mail.body)


def refund(order: Order, wish: RefundWish) -> uuid.UUID:
    return refund_order(
        order_id=order.id, wish=wish, reason="dented", cause=make_cause(), now=timezone.now()
    ).id
