"""End reservations: commit those of confirmed orders, give back the others, many at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.inventory.domain.allocation import Line
from apps.inventory.models import (
    MovementKind,
    Reservation,
    ReservationItem,
    ReservationStatus,
)
from apps.inventory.services.reserve_stock import list_warehouse_codes, moves_of, shelves_of
from apps.inventory.services.stock_rows import Move, hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import InventoryReleased, InventoryUnavailable, Shortage
from apps.platform.bulk import insert_together, lock_many, update_many
from apps.platform.outbox.publishing import Fact, publish


def lock_reservations(order_ids: Collection[UUID]) -> list[Reservation]:
    """Lock the reservations of orders, in key order; `items_of` reads what they hold."""
    return lock_many(Reservation, order_ids, by="order_id")


def items_of(reservations: Iterable[Reservation]) -> dict[UUID, list[ReservationItem]]:
    """Give the items of reservations, by reservation; locked, as the reservations are."""
    found: dict[UUID, list[ReservationItem]] = {}
    for item in lock_many(ReservationItem, [one.id for one in reservations], by="reservation_id"):
        found.setdefault(item.reservation_id, []).append(item)
    return found


def release_moves(
    reservations: Sequence[Reservation],
    items: Mapping[UUID, Sequence[ReservationItem]],
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


def release_reservations(
    *, causes: Mapping[UUID, Cause], always_answer: bool, now: datetime
) -> None:
    """Give back what is held for the orders in `causes`.

    With `always_answer` an InventoryReleased is published for every order, also where nothing was
    held any more, because the caller of the saga waits for it. An order that never asked for stock
    gets a reservation that is released already: asking late holds nothing. Calling it again moves
    nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        reservations = lock_reservations(causes)
        fences = _fences(causes.keys() - {one.order_id for one in reservations}, now)
        still_open = [one for one in reservations if one.is_open]
        items = items_of(still_open)
        levels = lock_levels({item.sku for group in items.values() for item in group})
        moves = release_moves(still_open, items, actor="system", now=now)
        for reservation in still_open:
            reservation.release(at=now)
        changed = reservations if always_answer else still_open
        for reservation in changed:
            reservation.version += 1
        update_many(changed, fields=["status", "version", "updated_at"])
        insert_together(fences)
        move_stock(moves, levels)
        publish(
            [
                Fact(
                    event=InventoryReleased(
                        reservation_id=one.id, order_id=one.order_id, reason="cancelled"
                    ),
                    seq=one.version,
                    cause=causes[one.order_id],
                )
                for one in (*changed, *(fences if always_answer else ()))
            ]
        )


def _fences(order_ids: Iterable[UUID], now: datetime) -> list[Reservation]:
    return [
        Reservation(
            order_id=order_id,
            status=ReservationStatus.RELEASED,
            expires_at=now,
            latest_at=now,
            extendable=False,
            reason="Called off before stock was asked for",
            created_at=now,
            updated_at=now,
        )
        for order_id in order_ids
    ]


def commit_reservations(*, causes: Mapping[UUID, Cause], now: datetime) -> None:
    """Keep what is held for confirmed orders for good.

    One that has expired meanwhile is reserved anew; where that fails, InventoryUnavailable calls
    the order off. Calling it again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        reservations = lock_reservations(causes)
        held = [one for one in reservations if one.status == ReservationStatus.HELD]
        expired = [one for one in reservations if one.status == ReservationStatus.EXPIRED]
        for reservation in held:
            reservation.commit(at=now)
        update_many(held, fields=["status", "updated_at"])
        if expired:
            _reserve_again(expired, causes, now)


def _reserve_again(
    expired: Sequence[Reservation], causes: Mapping[UUID, Cause], now: datetime
) -> None:
    items = items_of(expired)
    levels = lock_levels({item.sku for group in items.values() for item in group})
    shelves = shelves_of(levels, list_warehouse_codes())
    moves: list[Move] = []
    facts: list[Fact] = []
    fresh_items: list[ReservationItem] = []
    for reservation in expired:
        lines = _lines(items.get(reservation.id, ()))
        found = shelves.allocate(lines)
        reservation.reason = found.reason
        reservation.shortages = [asdict(short) for short in found.shorts]
        if found.is_filled:
            reservation.commit(at=now)
            moves += moves_of(found, reservation.order_id, causes[reservation.order_id], now)
            fresh_items += [
                ReservationItem(
                    reservation=reservation,
                    sku=take.sku,
                    warehouse_id=take.warehouse,
                    quantity=take.quantity,
                )
                for take in found.takes
            ]
            continue
        reservation.version += 1
        facts.append(
            Fact(
                event=InventoryUnavailable(
                    reservation_id=reservation.id,
                    order_id=reservation.order_id,
                    shortages=tuple(
                        Shortage(sku=one.sku, wanted=one.wanted, available=one.available)
                        for one in found.shorts
                    ),
                ),
                seq=reservation.version,
                cause=causes[reservation.order_id],
            )
        )
    committed = [one.id for one in expired if one.status == ReservationStatus.COMMITTED]
    ReservationItem.objects.filter(reservation_id__in=committed).delete()
    insert_together(fresh_items)
    update_many(expired, fields=["status", "version", "reason", "shortages", "updated_at"])
    move_stock(moves, levels)
    publish(facts)


def _lines(items: Iterable[ReservationItem]) -> list[Line]:
    wanted: dict[str, int] = {}
    for item in items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
    return [Line(sku=sku, quantity=quantity) for sku, quantity in wanted.items()]
