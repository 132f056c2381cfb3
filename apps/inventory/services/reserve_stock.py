"""Hold stock for orders, many at once, first come first served."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.inventory.domain.allocation import Allocation, Line
from apps.inventory.models import Reservation, ReservationStatus
from apps.inventory.services.reservation_rows import (
    items_for,
    list_warehouse_codes,
    moves_of,
    shelves_of,
    unavailable,
)
from apps.inventory.services.stock_rows import hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import Allocated, InventoryReserved, InventoryUnavailable
from apps.kernel.identifiers import OrderId, new_id
from apps.platform.bulk import insert_together, list_known, new_row
from apps.platform.outbox.publishing import Fact, publish


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequest:
    """An order that wants stock; each SKU stands in one line."""

    order_id: OrderId
    lines: tuple[Line, ...]
    cause: Cause


def reserve_stock(*, requests: Sequence[ReservationRequest], now: datetime) -> None:
    """Hold every line of each order, or none, and say so: InventoryReserved or InventoryUnavailable.

    Orders are served in the order given. An order that has a reservation already is left alone.
    The number of statements does not depend on the number of orders.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        known = list_known(Reservation, [request.order_id for request in requests], by="order_id")
        fresh = [request for request in requests if request.order_id not in known]
        priorities = list_warehouse_codes()
        levels = lock_levels({line.sku for request in fresh for line in request.lines})
        shelves = shelves_of(levels, priorities)
        decided = [(request, shelves.allocate(request.lines)) for request in fresh]
        reservations = [_reservation(request, found, now) for request, found in decided]
        steps = [
            reservation.record_step(
                before="",
                what="Stock reserved" if found.is_filled else "Not enough stock",
                cause=request.cause,
                at=now,
            )
            for reservation, (request, found) in zip(reservations, decided, strict=True)
        ]
        items = [
            item
            for reservation, (_, found) in zip(reservations, decided, strict=True)
            for item in items_for(reservation, found)
        ]
        insert_together(reservations, items, steps)
        move_stock(
            [
                move
                for request, found in decided
                for move in moves_of(found, request.order_id, request.cause, now)
            ],
            levels,
        )
        publish(
            [
                Fact(event=_fact(reservation, found), seq=1, cause=request.cause)
                for reservation, (request, found) in zip(reservations, decided, strict=True)
            ]
        )


def _reservation(request: ReservationRequest, found: Allocation, now: datetime) -> Reservation:
    status = ReservationStatus.HELD if found.is_filled else ReservationStatus.UNAVAILABLE
    return new_row(
        Reservation,
        id=new_id(),
        order_id=request.order_id,
        status=status,
        version=1,
        expires_at=now + timedelta(minutes=settings.OMS_RESERVATION_MINUTES),
        latest_at=now + timedelta(minutes=settings.OMS_RESERVATION_LIMIT_MINUTES),
        reason=found.reason,
        shortages=[asdict(short) for short in found.shorts],
        created_at=now,
        updated_at=now,
    )


def _fact(reservation: Reservation, found: Allocation) -> InventoryReserved | InventoryUnavailable:
    if not found.is_filled:
        return unavailable(reservation, found)
    return InventoryReserved(
        reservation_id=reservation.id,
        order_id=reservation.order_id,
        expires_at=reservation.expires_at,
        allocations=tuple(
            Allocated(sku=take.sku, warehouse=take.warehouse, quantity=take.quantity)
            for take in found.takes
        ),
    )
