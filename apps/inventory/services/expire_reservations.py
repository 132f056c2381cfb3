"""Let reservations run out, or put their end off while the wait is ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.inventory.models import Reservation, ReservationStatus
from apps.inventory.services.reservation_rows import items_of, release_moves
from apps.inventory.services.stock_rows import hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import InventoryReleased
from apps.platform.bulk import update_many
from apps.platform.outbox.publishing import Fact, publish

BATCH = 500


def expire_reservations(*, now: datetime) -> int:
    """End reservations whose time is over, up to a batch of them; returns how many were looked at.

    While the payment waits for its provider, the wait is ours: the end is put off, up to the limit.
    While it waits for the customer, it is not. An end for good publishes InventoryReleased with
    reason `expired`. Two runs at once share the work.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        due = list(
            Reservation.objects.filter(status=ReservationStatus.HELD, expires_at__lte=now)
            .order_by("expires_at")
            .select_for_update(skip_locked=True)[:BATCH]
        )
        cause = Cause(
            correlation_id=uuid4(),
            causation_id="inventory.expire_reservations",
            actor="system",
            region=settings.OMS_REGION,
        )
        _put_off([one for one in due if _may_wait(one, now)], cause, now)
        _end([one for one in due if not _may_wait(one, now)], cause, now)
    return len(due)


def _may_wait(reservation: Reservation, now: datetime) -> bool:
    return reservation.extendable and reservation.latest_at > now


def _put_off(reservations: Sequence[Reservation], cause: Cause, now: datetime) -> None:
    pause = timedelta(minutes=settings.OMS_RESERVATION_MINUTES)
    steps = []
    for reservation in reservations:
        reservation.expires_at = min(now + pause, reservation.latest_at)
        steps.append(
            reservation.record_step(
                before=reservation.status,
                what="Held longer: the payment waits for its provider",
                cause=cause,
                at=now,
            )
        )
    update_many(reservations, fields=["expires_at", "steps", "updated_at"], inserting=steps)


def _end(reservations: Sequence[Reservation], cause: Cause, now: datetime) -> None:
    if not reservations:
        return
    items = items_of(reservations)
    levels = lock_levels({item.sku for group in items.values() for item in group})
    moves = release_moves(reservations, items, actor=cause.actor, now=now)
    steps = []
    for reservation in reservations:
        before = reservation.status
        reservation.expire()
        reservation.version += 1
        steps.append(
            reservation.record_step(
                before=before,
                what="Units given back: its time was over",
                cause=cause,
                at=now,
            )
        )
    update_many(reservations, fields=["status", "version", "steps", "updated_at"], inserting=steps)
    move_stock(moves, levels)
    publish(
        [
            Fact(
                event=InventoryReleased(
                    reservation_id=one.id, order_id=one.order_id, reason="expired"
                ),
                seq=one.version,
                cause=cause,
            )
            for one in reservations
        ]
    )
