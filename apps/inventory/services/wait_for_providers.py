"""Hold stock longer again once customers have done their part, and providers review their payments."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.inventory.models import ReservationStatus
from apps.inventory.services.reservation_rows import lock_reservations
from apps.inventory.services.stock_rows import hold_stock
from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId
from apps.platform.bulk import update_many


def wait_for_providers(*, causes: Mapping[OrderId, Cause], now: datetime) -> None:
    """Note that the wait is not the customers' any more: the end of their reservations may be put off.

    One that may be put off already, or is not held any more, stays as it is; so calling it again
    changes nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        waiting = [
            one
            for one in lock_reservations(causes)
            if one.status == ReservationStatus.HELD and not one.extendable
        ]
        steps = []
        for reservation in waiting:
            reservation.extendable = True
            steps.append(
                reservation.record_step(
                    before=reservation.status,
                    what="May be held longer: the provider reviews the payment",
                    cause=causes[reservation.order_id],
                    at=now,
                )
            )
        update_many(waiting, fields=["extendable", "steps", "updated_at"], inserting=steps)
