"""What inventory does when it hears of orders."""

from collections.abc import Sequence

from django.utils import timezone

from apps.inventory.domain.allocation import Line
from apps.inventory.services.commit_reservations import commit_reservations
from apps.inventory.services.release_reservations import release_reservations
from apps.inventory.services.reserve_stock import ReservationRequest, reserve_stock
from apps.inventory.services.wait_for_customers import wait_for_customers
from apps.inventory.services.wait_for_providers import wait_for_providers
from apps.kernel.events.orders import (
    OrderCancellationRequested,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
)
from apps.kernel.events.payments import PaymentActionRequired, PaymentUnderReview
from apps.platform.outbox.delivered import Delivered


def reserve_for_orders(batch: Sequence[Delivered[OrderCreated]]) -> None:
    """Hold stock for orders just placed."""
    reserve_stock(
        requests=[
            ReservationRequest(
                order_id=one.event.order_id,
                lines=tuple(Line(sku=item.sku, quantity=item.quantity) for item in one.event.items),
                cause=one.cause,
            )
            for one in batch
        ],
        now=timezone.now(),
    )


def commit_for_orders(batch: Sequence[Delivered[OrderConfirmed]]) -> None:
    """Keep the stock of confirmed orders for good."""
    commit_reservations(causes={one.event.order_id: one.cause for one in batch}, now=timezone.now())


def give_back_and_answer(batch: Sequence[Delivered[OrderCancellationRequested]]) -> None:
    """Give back the stock of orders being called off; their cancellation waits for the answer."""
    release_reservations(
        causes={one.event.order_id: one.cause for one in batch},
        always_answer=True,
        now=timezone.now(),
    )


def give_back(batch: Sequence[Delivered[OrderCancelled]]) -> None:
    """Give back what is still held for cancelled orders."""
    release_reservations(
        causes={one.event.order_id: one.cause for one in batch},
        always_answer=False,
        now=timezone.now(),
    )


def hold_while_customers_decide(batch: Sequence[Delivered[PaymentActionRequired]]) -> None:
    """Let the stock of orders that wait for their customer last as long as the customer may take."""
    wait_for_customers(
        until={one.event.order_id: one.event.expires_at for one in batch},
        causes={one.event.order_id: one.cause for one in batch},
        now=timezone.now(),
    )


def hold_while_providers_decide(batch: Sequence[Delivered[PaymentUnderReview]]) -> None:
    """Let the stock of orders whose payments are reviewed be held longer than their customers might have taken."""
    wait_for_providers(causes={one.event.order_id: one.cause for one in batch}, now=timezone.now())
