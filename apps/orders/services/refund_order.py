"""Give money of an order back: all that is left, an amount, or what some of its units cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderRefundRequested, RefundedUnits
from apps.kernel.identifiers import OrderId, RefundId, new_id
from apps.kernel.money import Money
from apps.orders.domain.refunds import (
    BoughtLine,
    RefundedLine,
    amount_to_refund,
    refunded_lines,
)
from apps.orders.domain.refusals import InvalidRefund, NothingToRefund
from apps.orders.models import Order, OrderItem, OrderRefund
from apps.orders.services.changing import Change, change_order

REFUNDABLE = ("captured", "partially_refunded", "refund_failed")
"""What the payment has to be for money to go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """How much is to go back: an amount in minor units, or units by SKU; all that is left otherwise."""

    amount_minor: int | None = None
    units: Mapping[str, int] | None = None


def refund_order(
    *,
    order_id: OrderId,
    wish: RefundWish,
    reason: str,
    cause: Cause,
    now: datetime,
    at_most_minor: int | None = None,
) -> OrderRefund:
    """Ask for money to go back by the way it came; asking again asks for more.

    The order goes on as it is. `at_most_minor` is what whoever asks may give back of one order, all
    that they asked for before included.

    Raises:
        OrderNotFound: no such order.
        NothingToRefund: nothing is charged, nothing is left, or the order is being cancelled, which
            gives everything back anyway.
        InvalidRefund: more than is left or may be given back, or units that the order does not have.
    """
    made: list[OrderRefund] = []

    def decide(change: Change) -> None:
        order = change.order
        _insist_on_refundable(order)
        earlier = list(OrderRefund.objects.filter(order_id=order.id).order_by("nth"))
        asked_for = sum(refund.amount_minor for refund in earlier)
        left = order.captured_minor - order.lost_minor - asked_for
        lines = _lines(order, earlier, wish)
        _insist_on_something_left(order, left)
        amount = amount_to_refund(
            amount_minor=wish.amount_minor,
            lines=None if wish.units is None else lines,
            left=Money(left, order.currency),
        ).amount_minor
        mine = sum(one.amount_minor for one in earlier if one.requested_by == cause.actor)
        if at_most_minor is not None and mine + amount > at_most_minor:
            raise InvalidRefund(
                f"More than {Money(at_most_minor, order.currency)} of an order needs somebody with a "
                "higher limit."
            )
        refund = OrderRefund.objects.create(
            id=RefundId(new_id()),
            order_id=order.id,
            nth=len(earlier) + 1,
            amount_minor=amount,
            lines=[asdict(line) for line in lines],
            reason=reason,
            requested_by=cause.actor,
            created_at=now,
            updated_at=now,
        )
        made.append(refund)
        change.step(f"Refund of {Money(amount, order.currency)} requested")
        change.publish(
            OrderRefundRequested(
                order_id=order.id,
                refund_id=refund.id,
                amount_minor=amount,
                wanted_minor=asked_for + amount,
                currency=order.currency,
                units=tuple(RefundedUnits(sku=one.sku, quantity=one.quantity) for one in lines),
            )
        )

    change_order(order_id, decide, cause=cause, now=now)
    return made[0]


def is_refundable(order: Order) -> bool:
    """Whether money of the order could go back now, if any is left."""
    return not order.is_being_cancelled and order.payment_status in REFUNDABLE


def _insist_on_refundable(order: Order) -> None:
    if order.is_being_cancelled:
        raise NothingToRefund(
            "The order is called off: what was charged goes back, or went back, by itself.",
            status=order.status,
        )
    if order.payment_status not in REFUNDABLE:
        raise NothingToRefund(
            f"The payment is {order.payment_status or 'not asked for'}: nothing is charged.",
            status=order.status,
        )


def _lines(
    order: Order, earlier: Sequence[OrderRefund], wish: RefundWish
) -> Sequence[RefundedLine]:
    if wish.units is None:
        return ()
    returned: dict[int, int] = {}
    for refund in earlier:
        for line in refund.lines:
            position = line["position"]
            returned[position] = returned.get(position, 0) + line["quantity"]
    bought = [
        BoughtLine(
            position=item.position,
            sku=item.sku,
            quantity=item.quantity,
            unit_price_minor=item.unit_price_minor,
            returned=returned.get(item.position, 0),
        )
        for item in OrderItem.objects.filter(order_id=order.id).order_by("position")
    ]
    return refunded_lines(bought, wish.units, total=Money(order.total_minor, order.currency))


def _insist_on_something_left(order: Order, left: int) -> None:
    if left <= 0:
        what = (
            "given back, or taken back by the customer's bank,"
            if order.lost_minor
            else "given back"
        )
        raise NothingToRefund(f"All of it was {what} already.", status=order.status)
