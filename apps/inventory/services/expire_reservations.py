"""Let reservations run out, or put their end off while the wait is ours."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.inventory.models import Reservation, ReservationStatus
from apps.inventory.services.settle_reservations import items_of, release_moves
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
        pause = timedelta(minutes=settings.OMS_RESERVATION_MINUTES)
        put_off = [one for one in due if one.extendable and one.latest_at > now]
        for reservation in put_off:
            reservation.expires_at = min(now + pause, reservation.latest_at)
        update_many(put_off, fields=["expires_at"])
        ended = [one for one in due if not (one.extendable and one.latest_at > now)]
        items = items_of(ended) if ended else {}
        levels = lock_levels({item.sku for group in items.values() for item in group})
        moves = release_moves(ended, items, actor="system", now=now)
        for reservation in ended:
            reservation.expire(at=now)
            reservation.version += 1
        update_many(ended, fields=["status", "version", "updated_at"])
        move_stock(moves, levels)
        run = Cause(
            correlation_id=uuid4(),
            causation_id="inventory.expire_reservations",
            actor="system",
            region=settings.OMS_REGION,
        )
        publish(
            [
                Fact(
                    event=InventoryReleased(
                        reservation_id=one.id, order_id=one.order_id, reason="expired"
                    ),
                    seq=one.version,
                    cause=run,
                )
                for one in ended
            ]
        )
    return len(due)
