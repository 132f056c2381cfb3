"""Django's entry for inventory: what it hears."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Registers the subscriptions of inventory."""

    name = "apps.inventory"
    label = "inventory"

    def ready(self) -> None:
        """Wire the app."""
        from apps.inventory import handlers
        from apps.kernel.events import orders, payments
        from apps.platform.outbox.registry import subscribe

        subscribe(
            name="inventory.reservations",
            queue="inventory",
            handlers={
                orders.OrderCreated: handlers.reserve_for_orders,
                orders.OrderConfirmed: handlers.commit_for_orders,
                orders.OrderCancellationRequested: handlers.give_back_and_answer,
                orders.OrderCancelled: handlers.give_back,
                payments.PaymentActionRequired: handlers.hold_while_customers_decide,
                payments.PaymentUnderReview: handlers.hold_while_providers_decide,
            },
        )
