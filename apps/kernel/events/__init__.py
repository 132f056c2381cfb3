"""The published facts: the only thing that one context knows of another."""

from apps.kernel.events import customers, inventory, orders, payments
from apps.kernel.events.base import Event, wire_name

CATALOGUE: dict[str, type[Event]] = {
    wire_name(event_type): event_type
    for event_type in (
        customers.CustomerChanged,
        customers.CustomerRegistered,
        inventory.InventoryReleased,
        inventory.InventoryReserved,
        inventory.InventoryUnavailable,
        inventory.ProductChanged,
        inventory.StockChanged,
        orders.OrderCancellationRequested,
        orders.OrderCancelled,
        orders.OrderConfirmed,
        orders.OrderCreated,
        orders.OrderHeld,
        orders.OrderPaymentPending,
        orders.OrderRefundRequested,
        payments.PaymentActionRequired,
        payments.PaymentAuthorized,
        payments.PaymentCaptured,
        payments.PaymentCaptureFailed,
        payments.PaymentDisputeClosed,
        payments.PaymentDisputed,
        payments.PaymentFailed,
        payments.PaymentRefundFailed,
        payments.PaymentRefunded,
        payments.PaymentUnderReview,
        payments.PaymentVoided,
        payments.PaymentVoidFailed,
        payments.RefundDocumented,
    )
}
"""Every event type by its wire name."""

__all__ = ["CATALOGUE", "Event", "wire_name"]
