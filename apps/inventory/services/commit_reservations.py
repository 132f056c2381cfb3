"""Keep the stock of confirmed orders for good, many at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from apps.inventory.domain.allocation import Allocation, Line
from apps.inventory.models import (
    Reservation,
    ReservationItem,
    ReservationStatus,
    ReservationStep,
)
from apps.inventory.services.reservation_rows import (
    items_for,
    items_of,
    list_warehouse_codes,
    lock_reservations,
    moves_of,
    shelves_of,
    unavailable,
)
from apps.inventory.services.stock_rows import hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId
from apps.platform.bulk import insert_together, update_many
from apps.platform.outbox.publishing import Fact, publish


def commit_reservations(*, causes: Mapping[OrderId, Cause], now: datetime) -> None:
    """Keep what is held for confirmed orders for good.

    One that has expired meanwhile is reserved anew; where that fails, InventoryUnavailable calls
    the order off. Calling it again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        reservations = lock_reservations(causes)
        held = [one for one in reservations if one.status == ReservationStatus.HELD]
        expired = [one for one in reservations if one.status == ReservationStatus.EXPIRED]
        update_many(
            held,
            fields=["status", "steps", "updated_at"],
            inserting=[_commit(one, causes[one.order_id], now) for one in held],
        )
        if expired:
            _reserve_again(expired, causes, now)


def _commit(reservation: Reservation, cause: Cause, now: datetime) -> ReservationStep:
    before = reservation.status
    reservation.commit()
    return reservation.record_step(
        before=before, what="Units kept: the order was confirmed", cause=cause, at=now
    )


def _reserve_again(
    expired: Sequence[Reservation], causes: Mapping[OrderId, Cause], now: datetime
) -> None:
    items = items_of(expired)
    levels = lock_levels({item.sku for group in items.values() for item in group})
    shelves = shelves_of(levels, list_warehouse_codes())
    decided = [(one, shelves.allocate(_lines(items.get(one.id, ())))) for one in expired]
    steps = [_note(one, found, causes[one.order_id], now) for one, found in decided]
    filled = [(one, found) for one, found in decided if found.is_filled]
    ReservationItem.objects.filter(reservation_id__in=[one.id for one, _ in filled]).delete()
    insert_together([item for one, found in filled for item in items_for(one, found)])
    update_many(
        expired,
        fields=["status", "version", "steps", "reason", "shortages", "updated_at"],
        inserting=steps,
    )
    move_stock(
        [
            move
            for one, found in filled
            for move in moves_of(found, one.order_id, causes[one.order_id], now)
        ],
        levels,
    )
    publish(
        [
            Fact(event=unavailable(one, found), seq=one.version, cause=causes[one.order_id])
            for one, found in decided
            if not found.is_filled
        ]
    )


def _note(
    reservation: Reservation, found: Allocation, cause: Cause, now: datetime
) -> ReservationStep:
    before = reservation.status
    reservation.reason = found.reason
    reservation.shortages = [asdict(short) for short in found.shorts]
    if found.is_filled:
        reservation.commit()
        what = "Stock reserved again: the order was confirmed"
    else:
        reservation.version += 1
        what = "Not enough stock to reserve it again"
    return reservation.record_step(before=before, what=what, cause=cause, at=now)


def _lines(items: Iterable[ReservationItem]) -> list[Line]:
    wanted: dict[str, int] = {}
    for item in items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
    return [Line(sku=sku, quantity=quantity) for sku, quantity in wanted.items()]
