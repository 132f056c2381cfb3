"""Tables of orders."""

from apps.orders.models.order import STATUS_CHOICES, Order, OrderItem, OrderStep
from apps.orders.models.products import ListedProduct
from apps.orders.models.refunds import CreditNote, OrderRefund, RefundStatus

__all__ = [
    "STATUS_CHOICES",
    "CreditNote",
    "ListedProduct",
    "Order",
    "OrderItem",
    "OrderRefund",
    "OrderStep",
    "RefundStatus",
]
