"""Give back the stock of orders that were called off, many at once."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from apps.inventory.models import Reservation, ReservationStatus, ReservationStep
from apps.inventory.services.reservation_rows import items_of, lock_reservations, release_moves
from apps.inventory.services.stock_rows import hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import InventoryReleased
from apps.kernel.identifiers import OrderId
from apps.platform.bulk import insert_together, update_many
from apps.platform.outbox.publishing import Fact, publish

Causes = Mapping[OrderId, Cause]
"""What led to the change, by order."""


def release_reservations(*, causes: Causes, always_answer: bool, now: datetime) -> None:
    """Give back what is held for the orders in `causes`.

    With `always_answer` an InventoryReleased is published for every order, also where nothing was
    held any more, because the caller of the saga waits for it. An order that never asked for stock
    gets a reservation that is released already, so that asking late holds nothing. Calling it again
    moves nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        reservations = lock_reservations(causes)
        fences = _fences(causes.keys() - {one.order_id for one in reservations}, now)
        still_open = [one for one in reservations if one.is_open]
        items = items_of(still_open)
        levels = lock_levels({item.sku for group in items.values() for item in group})
        moves = release_moves(still_open, items, actor="system", now=now)
        steps = [_release(one, causes[one.order_id], now) for one in still_open]
        changed = reservations if always_answer else still_open
        for reservation in changed:
            reservation.version += 1
        update_many(changed, fields=["status", "version", "steps", "updated_at"], inserting=steps)
        insert_together(fences, _first_steps(fences, causes, now))
        move_stock(moves, levels)
        answered = [*reservations, *fences] if always_answer else still_open
        publish(
            [
                Fact(
                    event=InventoryReleased(
                        reservation_id=one.id, order_id=one.order_id, reason="cancelled"
                    ),
                    seq=one.version,
                    cause=causes[one.order_id],
                )
                for one in answered
            ]
        )


def _release(reservation: Reservation, cause: Cause, now: datetime) -> ReservationStep:
    before = reservation.status
    reservation.release()
    return reservation.record_step(
        before=before, what="Units given back: the order was called off", cause=cause, at=now
    )


def _fences(order_ids: Collection[OrderId], now: datetime) -> list[Reservation]:
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


def _first_steps(
    fences: Collection[Reservation], causes: Causes, now: datetime
) -> list[ReservationStep]:
    return [
        fence.record_step(before="", what=fence.reason, cause=causes[fence.order_id], at=now)
        for fence in fences
    ]
