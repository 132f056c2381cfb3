"""Reading stock."""

from collections.abc import Collection

from django.db.models import F, Sum

from apps.inventory.models import Product, Reservation, StockLevel
from apps.kernel.identifiers import OrderId


def list_available(skus: Collection[str]) -> dict[str, int]:
    """Give the units of each known SKU that can be promised, over all active warehouses."""
    available = dict.fromkeys(Product.objects.filter(sku__in=skus).values_list("sku", flat=True), 0)
    sums = (
        StockLevel.objects.filter(sku__in=skus, warehouse__active=True)
        .order_by()
        .values_list("sku")
        .annotate(units=Sum(F("on_hand") - F("reserved")))
    )
    for sku, units in sums:
        if sku in available:
            available[sku] = units
    return available


def find_reservation(order_id: OrderId) -> Reservation | None:
    """Give the reservation of an order with its items and its history."""
    return (
        Reservation.objects.prefetch_related("items", "history").filter(order_id=order_id).first()
    )
