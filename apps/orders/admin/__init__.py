"""Orders for customer service: found, read and called off. Nothing is typed over."""

from apps.orders.admin.orders import OrderAdmin
from apps.orders.admin.products import ListedProductAdmin

__all__ = ["ListedProductAdmin", "OrderAdmin"]
