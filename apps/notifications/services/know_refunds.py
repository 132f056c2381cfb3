"""Keep in mind what goes back of orders, so that customers hear of each amount once.

Refunds are a sum: payments says how much went back in all, and may say so again after a doubt. What a
customer is told of a refund is the difference to what they were told before; the mail on a
cancellation names the sum in all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.kernel.events.orders import OrderRefundRequested
from apps.kernel.events.payments import PaymentRefunded
from apps.kernel.identifiers import OrderId
from apps.kernel.money import Money
from apps.notifications.domain.contents import Units
from apps.notifications.models import KnownRefunds
from apps.platform.bulk import insert_missing, lock_many, update_many

FIELDS = ("given_back_minor", "told_minor", "currency", "is_called_off", "asked_for")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """An amount that a customer has not been told of, and what it is for."""

    amount: Money
    units: tuple[Units, ...]


def expect_cancellations(*, order_ids: Iterable[OrderId]) -> None:
    """Leave what goes back from now on to the mail on the cancellation, which is still to come."""
    refunds = _remembered(order_ids)
    for one in refunds.values():
        one.is_called_off = True
    update_many(list(refunds.values()), fields=FIELDS)


def remember_requests(*, requests: Sequence[OrderRefundRequested]) -> None:
    """Keep what refunds are for; a request heard again is kept once."""
    refunds = _remembered(one.order_id for one in requests)
    for request in requests:
        asked_for = refunds[request.order_id].asked_for
        if all(one["upto_minor"] < request.wanted_minor for one in asked_for):
            units = [{"sku": one.sku, "quantity": one.quantity} for one in request.units]
            asked_for.append({"upto_minor": request.wanted_minor, "units": units})
    update_many(list(refunds.values()), fields=FIELDS)


def take_in_refunds(*, refunded: Sequence[PaymentRefunded]) -> list[ToTell | None]:
    """Say what each fact leaves to be told; None where the customer knows of it, or will otherwise."""
    refunds = _remembered(one.order_id for one in refunded)
    to_tell = [_take_in(refunds[one.order_id], one) for one in refunded]
    update_many(list(refunds.values()), fields=FIELDS)
    return to_tell


def tell_with_cancellations(*, order_ids: Iterable[OrderId]) -> dict[OrderId, Money]:
    """Give what went back of each order in all, to be told with its cancellation; mostly nothing."""
    refunds = lock_many(KnownRefunds, order_ids, by="order_id")
    for one in refunds:
        one.is_called_off = False
        one.told_minor = one.given_back_minor
    update_many(refunds, fields=FIELDS)
    return {
        one.order_id: Money(one.given_back_minor, one.currency)
        for one in refunds
        if one.given_back_minor
    }


def _take_in(known: KnownRefunds, refunded: PaymentRefunded) -> ToTell | None:
    known.currency = refunded.currency
    known.given_back_minor = max(known.given_back_minor, refunded.refunded_minor)
    told_before = known.told_minor
    if known.is_called_off or known.given_back_minor == told_before:
        return None
    known.told_minor = known.given_back_minor
    units = [
        Units(sku=unit["sku"], quantity=unit["quantity"])
        for one in known.asked_for
        if told_before < one["upto_minor"] <= known.told_minor
        for unit in one["units"]
    ]
    return ToTell(amount=Money(known.told_minor - told_before, known.currency), units=tuple(units))


def _remembered(order_ids: Iterable[OrderId]) -> dict[OrderId, KnownRefunds]:
    ids = set(order_ids)
    insert_missing([KnownRefunds(order_id=order_id) for order_id in ids])
    return {one.order_id: one for one in lock_many(KnownRefunds, ids, by="order_id")}
