"""Django's entry for orders: what it hears."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Registers the subscriptions and partitions of orders."""

    name = "apps.orders"
    label = "orders"

    def ready(self) -> None:
        """Wire the app."""
        from apps.kernel.events import inventory, payments
        from apps.orders.api.problems import STATUSES
        from apps.orders.handlers import at_once, keep_credit_notes, take_over_products
        from apps.orders.services import advance_orders as saga
        from apps.orders.services import note_disputes, note_money
        from apps.platform.outbox.registry import subscribe
        from apps.platform.partitions.registry import PartitionedTable, Span, register
        from apps.platform.web.refusals import register_statuses

        subscribe(
            name="orders.saga",
            queue="orders",
            handlers={
                inventory.InventoryReserved: at_once(saga.ask_for_payment),
                inventory.InventoryUnavailable: at_once(saga.give_up_without_stock),
                inventory.InventoryReleased: at_once(saga.note_release),
                payments.PaymentActionRequired: at_once(saga.show_action),
                payments.PaymentUnderReview: at_once(saga.show_review),
                payments.PaymentAuthorized: at_once(saga.confirm_orders),
                payments.PaymentCaptured: at_once(note_money.note_capture),
                payments.PaymentCaptureFailed: at_once(note_money.give_up_without_capture),
                payments.PaymentDisputed: at_once(note_disputes.note_dispute),
                payments.PaymentDisputeClosed: at_once(note_disputes.note_decided_dispute),
                payments.PaymentFailed: at_once(saga.give_up_without_payment),
                payments.PaymentVoided: at_once(note_money.note_void),
                payments.PaymentVoidFailed: at_once(note_money.note_failed_void),
                payments.PaymentRefunded: at_once(note_money.note_refund),
                payments.PaymentRefundFailed: at_once(note_money.note_failed_refund),
                payments.RefundDocumented: keep_credit_notes,
            },
        )
        subscribe(
            name="orders.price_list",
            queue="orders",
            handlers={inventory.ProductChanged: take_over_products},
            replayable=True,
        )
        for table in ("orders_order", "orders_orderitem", "orders_orderstep"):
            register(PartitionedTable(name=table, span=Span.MONTH))
        register_statuses(STATUSES)
