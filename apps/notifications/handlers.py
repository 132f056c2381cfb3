"""What notifications does when it hears of customers, orders and payments."""

from collections.abc import Sequence

from apps.kernel.events.customers import CustomerChanged, CustomerRegistered
from apps.kernel.events.orders import (
    OrderCancellationRequested,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderRefundRequested,
)
from apps.kernel.events.payments import (
    PaymentActionRequired,
    PaymentRefunded,
    PaymentUnderReview,
)
from apps.notifications.domain.contents import Told, amount_told
from apps.notifications.domain.messages import MessageKind, kind_of_cancellation
from apps.notifications.services.know_refunds import (
    expect_cancellations,
    remember_requests,
    take_in_refunds,
    tell_with_cancellations,
)
from apps.notifications.services.queue_messages import Telling, queue_messages
from apps.notifications.services.remember_orders import recall_orders, remember_orders
from apps.notifications.services.take_over_recipients import take_over_recipients
from apps.platform.outbox.delivered import Delivered


def take_over_profiles(
    batch: Sequence[Delivered[CustomerRegistered] | Delivered[CustomerChanged]],
) -> None:
    """Know whom to write to."""
    take_over_recipients(profiles=batch)


def tell_of_receipt(batch: Sequence[Delivered[OrderCreated]]) -> None:
    """Keep orders just placed in mind and tell their customers that we have them."""
    remember_orders(orders=[one.event for one in batch])
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=one.event.customer_id,
                kind=MessageKind.ORDER_RECEIVED,
                told=Told(number=one.event.number),
            )
            for one in batch
        ],
        now=batch[0].handed_at,
    )


def tell_of_confirmation(batch: Sequence[Delivered[OrderConfirmed]]) -> None:
    """Tell customers that their orders will be fulfilled."""
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=one.event.customer_id,
                kind=MessageKind.ORDER_CONFIRMED,
                told=Told(number=one.event.number),
            )
            for one in batch
        ],
        now=batch[0].handed_at,
    )


def tell_of_cancellation(batch: Sequence[Delivered[OrderCancelled]]) -> None:
    """Tell customers why their orders are off, and what went back to them."""
    given_back = tell_with_cancellations(order_ids=[one.event.order_id for one in batch])
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=one.event.customer_id,
                kind=kind_of_cancellation(one.event.reason),
                told=Told(
                    number=one.event.number,
                    reason=one.event.reason,
                    code=one.event.code,
                    short_skus=one.event.short_skus,
                    refunded=amount_told(given_back.get(one.event.order_id)),
                ),
            )
            for one in batch
        ],
        now=batch[0].handed_at,
    )


def await_cancellation(batch: Sequence[Delivered[OrderCancellationRequested]]) -> None:
    """Leave what goes back of orders that are called off to the mail on their cancellation."""
    expect_cancellations(order_ids=[one.event.order_id for one in batch])


def note_refund_requests(batch: Sequence[Delivered[OrderRefundRequested]]) -> None:
    """Keep what money is to go back for, until it has."""
    remember_requests(requests=[one.event for one in batch])


def tell_of_refunds(batch: Sequence[Delivered[PaymentRefunded]]) -> None:
    """Tell customers what went back to them, and what for."""
    orders = recall_orders(one.event.order_id for one in batch)
    to_tell = take_in_refunds(refunded=[one.event for one in batch])
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=orders[one.event.order_id].customer_id,
                kind=MessageKind.PAYMENT_REFUNDED,
                told=Told(
                    number=orders[one.event.order_id].number,
                    refunded=amount_told(news.amount),
                    refunded_units=news.units,
                ),
            )
            for one, news in zip(batch, to_tell, strict=True)
            if news is not None
        ],
        now=batch[0].handed_at,
    )


def ask_for_approval(batch: Sequence[Delivered[PaymentActionRequired]]) -> None:
    """Ask customers to approve their payments."""
    orders = recall_orders(one.event.order_id for one in batch)
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=orders[one.event.order_id].customer_id,
                kind=MessageKind.PAYMENT_ACTION_NEEDED,
                told=Told(
                    number=orders[one.event.order_id].number,
                    action_url=one.event.redirect_url,
                    expires_at=one.event.expires_at,
                ),
            )
            for one in batch
        ],
        now=batch[0].handed_at,
    )


def tell_of_review(batch: Sequence[Delivered[PaymentUnderReview]]) -> None:
    """Tell customers that their payments are reviewed, and that nothing is left for them to do."""
    orders = recall_orders(one.event.order_id for one in batch)
    queue_messages(
        tellings=[
            Telling(
                event_id=one.event_id,
                order_id=one.event.order_id,
                customer_id=orders[one.event.order_id].customer_id,
                kind=MessageKind.PAYMENT_UNDER_REVIEW,
                told=Told(number=orders[one.event.order_id].number, provider=one.event.provider),
            )
            for one in batch
        ],
        now=batch[0].handed_at,
    )
