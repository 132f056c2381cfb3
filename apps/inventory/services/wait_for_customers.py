"""Hold stock as long as customers have been told they have to approve their payments."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.inventory.models import ReservationStatus
from apps.inventory.services.settle_reservations import lock_reservations
from apps.inventory.services.stock_rows import hold_stock
from apps.platform.bulk import update_many

MARGIN = timedelta(minutes=2)
"""Time for payments to find out, once the customer's time is over, how it ended."""


def wait_for_customers(*, until: Mapping[UUID, datetime]) -> None:
    """Note that the wait is the customers' now: `until` says by when each order's has to act.

    Their reservations last a little longer than that, never beyond their limit, and are not put off
    any more. One that is not held any more stays as it is; calling it again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        held = [one for one in lock_reservations(until) if one.status == ReservationStatus.HELD]
        for reservation in held:
            asked = max(reservation.expires_at, until[reservation.order_id] + MARGIN)
            reservation.expires_at = min(asked, reservation.latest_at)
            reservation.extendable = False
        update_many(held, fields=["expires_at", "extendable"])
