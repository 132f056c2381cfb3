"""The states of an order and the ways between them."""

from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order stands (the words are those that customers and agents see)."""

    CREATED = "created"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_AUTHORIZED = "payment_authorized"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLATION_PENDING = "cancellation_pending"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why an order was called off."""

    CUSTOMER_REQUEST = "customer_request"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_VOIDED = "payment_voided"
    RESERVATION_EXPIRED = "reservation_expired"
    REVIEW_REJECTED = "review_rejected"


CANCELLABLE = frozenset(
    {
        OrderStatus.CREATED,
        OrderStatus.PAYMENT_PENDING,
        OrderStatus.PAYMENT_AUTHORIZED,
        OrderStatus.CONFIRMED,
    }
)
"""States from which a customer may call an order off."""

UNSETTLED = frozenset(
    {OrderStatus.CREATED, OrderStatus.PAYMENT_PENDING, OrderStatus.CANCELLATION_PENDING}
)
"""States that the platform leaves by itself; whoever waits for a placement waits these out."""
