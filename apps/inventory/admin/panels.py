"""What inventory adds to the page of an order."""

from django.urls import reverse

from apps.inventory.models import Reservation, ReservationStatus
from apps.inventory.queries import find_reservation
from apps.kernel.identifiers import OrderId
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.formatting import Tone, badge, identifier, link, moment
from apps.platform.backoffice.panels import Panel, Table, order_panel

TONES: dict[str, Tone] = {
    ReservationStatus.HELD: Tone.INFO,
    ReservationStatus.COMMITTED: Tone.SUCCESS,
    ReservationStatus.FULFILLED: Tone.SUCCESS,
    ReservationStatus.RELEASED: Tone.NEUTRAL,
    ReservationStatus.EXPIRED: Tone.WARNING,
    ReservationStatus.UNAVAILABLE: Tone.DANGER,
}


@order_panel("Stock", position=10, permission="inventory.view_reservation")
def show_reservation(order_id: OrderId) -> Panel:
    """Tell which warehouses the order's units come from and why, or what was short."""
    reservation = find_reservation(order_id)
    if reservation is None:
        return Panel(note="No stock was asked for yet.")
    page = reverse("admin:inventory_reservation_change", args=[reservation.id])
    waits = reservation.status == ReservationStatus.HELD
    return Panel(
        alert=""
        if reservation.status != ReservationStatus.UNAVAILABLE
        else "There was too little stock; the order is cancelled by itself.",
        facts=(
            ("Status", badge(reservation.status, TONES)),
            ("Warehouse choice", reservation.reason),
            *((("Held until", moment(reservation.expires_at)),) if waits else ()),
            ("Reservation", link(page, f"…{str(reservation.id)[-8:]}")),
        ),
        tables=(
            items_table(reservation),
            shortages_table(reservation),
            history_table(reservation),
        ),
    )


def items_table(reservation: Reservation) -> Table:
    """List the units by warehouse; the items have to be fetched with the reservation."""
    return Table(
        headings=("Warehouse", "SKU", "Units"),
        numbers=frozenset({"Units"}),
        rows=[
            (item.warehouse_id, identifier(item.sku), str(item.quantity))
            for item in reservation.items.all()
        ],
    )


def history_table(reservation: Reservation) -> Table:
    """Tell what became of it, the oldest step first, by whom and because of what."""
    steps = list(reservation.history.all())
    names = name_actors(step.actor for step in steps)
    return Table(
        headings=("When", "What", "Status", "By", "Cause"),
        rows=[
            (
                moment(step.at),
                step.what,
                badge(step.to_status, TONES) if step.from_status != step.to_status else "",
                names[step.actor],
                step.causation_id,
            )
            for step in steps
        ],
    )


def shortages_table(reservation: Reservation) -> Table:
    """List what all warehouses together had too little of."""
    return Table(
        headings=("Short SKU", "Wanted", "Available"),
        numbers=frozenset({"Wanted", "Available"}),
        rows=[
            (identifier(short["sku"]), str(short["wanted"]), str(short["available"]))
            for short in reservation.shortages
        ],
    )
