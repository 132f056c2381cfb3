"""Stock for operators: warehouses to set up, and everything that moved to look at."""

from apps.inventory.admin.ledger import StockMovementAdmin

# For its side effect: that adds the panel to the order's page.
from apps.inventory.admin.panels import show_reservation
from apps.inventory.admin.reservations import ReservationAdmin
from apps.inventory.admin.stock import ProductAdmin, StockLevelAdmin
from apps.inventory.admin.warehouses import WarehouseAdmin

__all__ = [
    "ProductAdmin",
    "ReservationAdmin",
    "StockLevelAdmin",
    "StockMovementAdmin",
    "WarehouseAdmin",
    "show_reservation",
]
