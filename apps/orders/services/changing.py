"""Change many orders at once: lock in key order, decide in memory, write set-wise, publish."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.events import Event
from apps.kernel.identifiers import OrderId
from apps.orders.domain.refusals import OrderNotFound
from apps.orders.models import Order, OrderStep
from apps.platform.bulk import insert_together, lock_many, update_many
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.publishing import Fact, publish

Heard = TypeVar("Heard")

CHANGED_FIELDS = (
    "status",
    "version",
    "steps",
    "payment_provider",
    "payment_status",
    "payment_action_url",
    "payment_id",
    "captured_minor",
    "lost_minor",
    "cancel_reason",
    "cancel_detail",
    "cancel_code",
    "short_skus",
    "owes_stock",
    "owes_payment",
    "updated_at",
)


@dataclass(slots=True)
class Change:
    """What happens to one locked order: the decision notes its steps and facts here."""

    order: Order
    cause: Cause
    at: datetime
    steps: list[OrderStep] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def step(self, what: str, *, before: str | None = None) -> None:
        """Note a row of the history; without `before` the status did not change."""
        self.steps.append(
            self.order.record_step(
                before=self.order.status if before is None else before,
                what=what,
                cause=self.cause,
                at=self.at,
            )
        )

    def publish(self, event: Event) -> None:
        """Note a fact for the order's story."""
        self.order.version += 1
        self.facts.append(Fact(event=event, seq=self.order.version, cause=self.cause))


def lock_orders(ids: Iterable[OrderId]) -> dict[OrderId, Order]:
    """Lock orders in key order, in one statement."""
    return {order.id: order for order in lock_many(Order, ids)}


def change_orders(
    heard: Sequence[Heard],
    *,
    order_id: Callable[[Heard], OrderId],
    cause: Callable[[Heard], Cause],
    decide: Callable[[Change, Heard], None],
    now: datetime,
) -> dict[OrderId, Order]:
    """Apply `decide` to the order of each thing heard, with a constant number of statements.

    An order that is not there is skipped. Orders that `decide` leaves without a step are not
    written; where it raises, nothing is. Gives the orders as they are now, by id.
    """
    with transaction.atomic(savepoint=False):
        orders = lock_orders({order_id(one) for one in heard})
        changes = []
        for one in heard:
            order = orders.get(order_id(one))
            if order is not None:
                change = Change(order=order, cause=cause(one), at=now)
                decide(change, one)
                changes.append(change)
        changed = {change.order.id: change.order for change in changes if change.steps}
        update_many(list(changed.values()), fields=CHANGED_FIELDS)
        insert_together([step for change in changes for step in change.steps])
        publish([fact for change in changes for fact in change.facts])
    return orders


def apply_heard(
    batch: Sequence[Delivered[Any]], decide: Callable[[Change, Delivered[Any]], None], now: datetime
) -> None:
    """Apply `decide` to the order of each event heard; see `change_orders`."""
    change_orders(
        batch,
        order_id=lambda one: one.event.order_id,
        cause=lambda one: one.cause,
        decide=decide,
        now=now,
    )


def apply_heard_of_payment(
    batch: Sequence[Delivered[Any]], decide: Callable[[Change, Delivered[Any]], None], now: datetime
) -> None:
    """Apply `decide` to the order of each event heard; an order that is written then names its payment.

    Any of them may be the first that is heard of it: of an order that was called off while it was
    authorised, that it was voided.
    """

    def decide_on_named(change: Change, heard: Delivered[Any]) -> None:
        change.order.payment_id = heard.event.payment_id
        decide(change, heard)

    apply_heard(batch, decide_on_named, now)


def change_order(
    order_id: OrderId, decide: Callable[[Change], None], *, cause: Cause, now: datetime
) -> Order:
    """Apply `decide` to one order and give it as it is now; see `change_orders`.

    Raises:
        OrderNotFound: no such order.
    """
    orders = change_orders(
        [order_id],
        order_id=lambda one: one,
        cause=lambda _: cause,
        decide=lambda change, _: decide(change),
        now=now,
    )
    if order_id not in orders:
        raise OrderNotFound("There is no such order.")
    return orders[order_id]
