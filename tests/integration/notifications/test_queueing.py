"""What customers are told of, and how often."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.kernel.events.orders import OrderCancelled, OrderConfirmed, OrderCreated
from apps.kernel.events.payments import PaymentActionRequired, PaymentUnderReview
from apps.kernel.identifiers import OrderId, PaymentId, new_id
from apps.notifications import handlers
from apps.notifications.models import KnownOrder, Message
from apps.notifications.queries import list_messages
from apps.notifications.services.remember_orders import OrderNotKnown
from apps.platform.outbox.delivered import Delivered
from tests.integration.notifications.story import created, delivered

pytestmark = pytest.mark.django_db

Handler = Callable[[Sequence[Delivered[Any]]], None]


def confirmed(order: OrderCreated) -> OrderConfirmed:
    return OrderConfirmed(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        currency=order.currency,
        total_minor=order.total_minor,
    )


def cancelled(order: OrderCreated, reason: str = "customer_request") -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        reason=reason,
        detail="The plain words.",
        short_skus=("SKU-B",),
        code="expired_card",
    )


def action_required(order: OrderCreated) -> PaymentActionRequired:
    return PaymentActionRequired(
        payment_id=PaymentId(new_id()),
        order_id=order.order_id,
        redirect_url="https://pay.example/approve",
        expires_at=datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
    )


def under_review(order: OrderCreated) -> PaymentUnderReview:
    return PaymentUnderReview(
        payment_id=PaymentId(new_id()), order_id=order.order_id, provider="paypal"
    )


class TestQueueing:
    def test_remembers_the_order_and_queues_its_receipt(self) -> None:
        order = created(new_id())
        handlers.tell_of_receipt([delivered(order, event_id=77)])
        known = KnownOrder.objects.get(order_id=order.order_id)
        assert (known.number, known.currency, known.total_minor) == ("7KQ3-M2XP-C", "EUR", 5470)
        assert known.items[1] == {
            "sku": "SKU-B",
            "name": "Wool Lamp",
            "quantity": 1,
            "unit_price_minor": 1000,
        }
        message = Message.objects.get()
        assert (message.event_id, message.kind, message.channel, message.status) == (
            77,
            "order_received",
            "email",
            "queued",
        )
        assert message.customer_id == order.customer_id
        assert message.context == {"number": "7KQ3-M2XP-C"}
        assert message.created_at == message.queued_at == message.next_at

    @pytest.mark.parametrize(
        ("reason", "kind"),
        [
            ("out_of_stock", "order_out_of_stock"),
            ("payment_failed", "order_payment_failed"),
            ("customer_request", "order_cancelled"),
            ("reservation_expired", "order_cancelled"),
        ],
    )
    def test_tells_a_cancellation_by_its_reason(self, reason: str, kind: str) -> None:
        handlers.tell_of_cancellation([delivered(cancelled(created(new_id()), reason))])
        message = Message.objects.get()
        assert message.kind == kind
        assert message.context == {
            "number": "7KQ3-M2XP-C",
            "reason": reason,
            "code": "expired_card",
            "short_skus": ["SKU-B"],
        }

    def test_asks_for_approval_under_the_number_of_the_order(self) -> None:
        order = created(new_id(), number="1111-2222-3")
        handlers.tell_of_receipt([delivered(order)])
        handlers.ask_for_approval([delivered(action_required(order))])
        message = Message.objects.get(kind="payment_action_needed")
        assert message.customer_id == order.customer_id
        assert message.context == {
            "number": "1111-2222-3",
            "action_url": "https://pay.example/approve",
            "expires_at": "2026-11-22T14:30:00Z",
        }

    def test_tells_who_reviews_a_payment_once_per_event(self) -> None:
        order = created(new_id(), number="1111-2222-3")
        handlers.tell_of_receipt([delivered(order)])
        event = delivered(under_review(order))
        for _ in range(2):
            handlers.tell_of_review([event])
        message = Message.objects.get(kind="payment_under_review")
        assert message.customer_id == order.customer_id
        assert message.context == {"number": "1111-2222-3", "provider": "paypal"}

    def test_is_loud_about_an_order_it_never_heard_of(self) -> None:
        order = created(new_id())
        with pytest.raises(OrderNotKnown, match=str(order.order_id)):
            handlers.ask_for_approval([delivered(action_required(order))])
        assert Message.objects.count() == 0

    def test_lists_the_messages_of_an_order_in_their_order(self) -> None:
        order, other = created(new_id()), created(new_id())
        handlers.tell_of_receipt([delivered(order), delivered(other)])
        handlers.tell_of_confirmation([delivered(confirmed(order))])
        handlers.tell_of_cancellation([delivered(cancelled(order))])
        assert [one.kind for one in list_messages(order_id=order.order_id)] == [
            "order_received",
            "order_confirmed",
            "order_cancelled",
        ]
        assert list_messages(order_id=OrderId(uuid.uuid4())) == []


class TestOncePerEventAndChannel:
    def test_holds_when_an_event_comes_again_alone_or_among_others(self) -> None:
        first, second = created(new_id()), created(new_id())
        handlers.tell_of_receipt([delivered(first, event_id=1)])
        before = Message.objects.get()
        handlers.tell_of_receipt([delivered(first, event_id=1), delivered(second, event_id=2)])
        handlers.tell_of_receipt([delivered(second, event_id=2)])
        assert list(Message.objects.order_by("event_id").values_list("event_id", flat=True)) == [
            1,
            2,
        ]
        assert Message.objects.get(event_id=1).id == before.id
        assert KnownOrder.objects.count() == 2

    def test_is_kept_by_the_database(self) -> None:
        handlers.tell_of_receipt([delivered(created(new_id()))])
        message = Message.objects.get()
        message.pk = new_id()
        with pytest.raises(IntegrityError, match="one_message_per_event_and_channel"):
            message.save(force_insert=True)

    def test_allows_another_channel(self) -> None:
        handlers.tell_of_receipt([delivered(created(new_id()))])
        message = Message.objects.get()
        message.pk, message.channel = new_id(), "sms"
        message.save(force_insert=True)
        assert Message.objects.count() == 2


class TestStatements:
    @pytest.mark.parametrize(
        ("handler", "event", "expected"),
        [
            (handlers.tell_of_receipt, lambda order: order, 2),
            (handlers.tell_of_confirmation, confirmed, 1),
            (handlers.tell_of_cancellation, cancelled, 2),
            (handlers.ask_for_approval, action_required, 2),
            (handlers.tell_of_review, under_review, 2),
        ],
    )
    def test_are_as_many_for_hundreds_of_events_as_for_one(
        self, handler: Handler, event: Callable[[OrderCreated], Any], expected: int
    ) -> None:
        for size in (1, 500):
            orders = [created(new_id()) for _ in range(size)]
            if handler in (handlers.ask_for_approval, handlers.tell_of_review):
                handlers.tell_of_receipt([delivered(order) for order in orders])
            batch = [delivered(event(order)) for order in orders]
            with CaptureQueriesContext(connection) as captured:
                handler(batch)
            statements = [
                query["sql"]
                for query in captured.captured_queries
                if "SAVEPOINT" not in query["sql"]
            ]
            assert len(statements) == expected, statements
