"""Lock reservations, and turn what was decided for one into its rows, its moves and its facts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from apps.inventory.domain.allocation import Allocation, Shelves
from apps.inventory.models import (
    MovementKind,
    Reservation,
    ReservationItem,
    StockLevel,
    Warehouse,
)
from apps.inventory.services.stock_rows import Move
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import InventoryUnavailable, Shortage
from apps.kernel.identifiers import OrderId, ReservationId
from apps.platform.bulk import lock_many, new_row


def lock_reservations(order_ids: Collection[OrderId]) -> list[Reservation]:
    """Lock the reservations of orders, in key order; `items_of` reads what they hold."""
    return lock_many(Reservation, order_ids, by="order_id")


def items_of(reservations: Iterable[Reservation]) -> dict[ReservationId, list[ReservationItem]]:
    """Give the items of reservations, by reservation; locked, as the reservations are."""
    found: dict[ReservationId, list[ReservationItem]] = {}
    for item in lock_many(ReservationItem, [one.id for one in reservations], by="reservation_id"):
        found.setdefault(ReservationId(item.reservation_id), []).append(item)
    return found


def list_warehouse_codes() -> list[str]:
    """Give the active warehouses, the preferred one first."""
    return list(
        Warehouse.objects.filter(active=True)
        .order_by("priority", "code")
        .values_list("code", flat=True)
    )


def shelves_of(levels: dict[tuple[str, str], StockLevel], priorities: Sequence[str]) -> Shelves:
    """Put what the locked levels have available on shelves in memory."""
    return Shelves(
        priorities=priorities,
        available={(warehouse, sku): level.available for (sku, warehouse), level in levels.items()},
    )


def items_for(reservation: Reservation, found: Allocation) -> list[ReservationItem]:
    """Turn an allocation into the items of its reservation, not yet stored."""
    return [
        new_row(
            ReservationItem,
            reservation_id=reservation.id,
            sku=take.sku,
            warehouse_id=take.warehouse,
            quantity=take.quantity,
        )
        for take in found.takes
    ]


def moves_of(found: Allocation, order_id: OrderId, cause: Cause, now: datetime) -> list[Move]:
    """Turn an allocation into moves that reserve its units."""
    return [
        Move(
            sku=take.sku,
            warehouse=take.warehouse,
            kind=MovementKind.RESERVATION,
            reserved_delta=take.quantity,
            order_id=order_id,
            occurred_at=now,
            actor=cause.actor,
        )
        for take in found.takes
    ]


def release_moves(
    reservations: Sequence[Reservation],
    items: Mapping[ReservationId, Sequence[ReservationItem]],
    *,
    actor: str,
    now: datetime,
) -> list[Move]:
    """Turn reservations into the moves that give their units back."""
    return [
        Move(
            sku=item.sku,
            warehouse=item.warehouse_id,
            kind=MovementKind.RELEASE,
            reserved_delta=-item.quantity,
            order_id=reservation.order_id,
            occurred_at=now,
            actor=actor,
        )
        for reservation in reservations
        for item in items.get(reservation.id, ())
    ]


def unavailable(reservation: Reservation, found: Allocation) -> InventoryUnavailable:
    """Say which SKUs an order could not be given."""
    return InventoryUnavailable(
        reservation_id=reservation.id,
        order_id=reservation.order_id,
        shortages=tuple(
            Shortage(sku=short.sku, wanted=short.wanted, available=short.available)
            for short in found.shorts
        ),
    )
