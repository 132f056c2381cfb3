"""Hold stock as long as customers have been told they have to approve their payments."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from apps.inventory.models import ReservationStatus
from apps.inventory.services.reservation_rows import lock_reservations
from apps.inventory.services.stock_rows import hold_stock
from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId
from apps.platform.bulk import update_many

MARGIN = timedelta(minutes=2)
"""Time for payments to find out, once the customer's time is over, how it ended."""


def wait_for_customers(
    *, until: Mapping[OrderId, datetime], causes: Mapping[OrderId, Cause], now: datetime
) -> None:
    """Note that the wait is the customers' now: `until` says by when each order's has to act.

    Their reservations last a little longer than that, never beyond their limit, and are not put off
    any more. One that is not held any more stays as it is. Calling it again leaves another step.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        held = [one for one in lock_reservations(until) if one.status == ReservationStatus.HELD]
        steps = []
        for reservation in held:
            asked = max(reservation.expires_at, until[reservation.order_id] + MARGIN)
            reservation.expires_at = min(asked, reservation.latest_at)
            reservation.extendable = False
            steps.append(
                reservation.record_step(
                    before=reservation.status,
                    what="Held as long as the customer may take to approve the payment",
                    cause=causes[reservation.order_id],
                    at=now,
                )
            )
        update_many(
            held, fields=["expires_at", "extendable", "steps", "updated_at"], inserting=steps
        )
