"""Django's entry for notifications: what it hears, and what its workers look for."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Registers the subscriptions and the wake-up of notifications."""

    name = "apps.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Wire the app."""
        from apps.kernel.events import customers, orders, payments
        from apps.notifications import handlers
        from apps.notifications.services.waking import SEND, is_message_due
        from apps.platform.outbox.registry import subscribe
        from apps.platform.outbox.wakeups import WakeUp, register_wake_up

        subscribe(
            name="notifications.recipients",
            queue="notifications",
            handlers={
                customers.CustomerRegistered: handlers.take_over_profiles,
                customers.CustomerChanged: handlers.take_over_profiles,
            },
            replayable=True,
        )
        subscribe(
            name="notifications.messages",
            queue="notifications",
            handlers={
                orders.OrderCreated: handlers.tell_of_receipt,
                orders.OrderConfirmed: handlers.tell_of_confirmation,
                orders.OrderCancellationRequested: handlers.await_cancellation,
                orders.OrderCancelled: handlers.tell_of_cancellation,
                orders.OrderRefundRequested: handlers.note_refund_requests,
                payments.PaymentRefunded: handlers.tell_of_refunds,
                payments.PaymentActionRequired: handlers.ask_for_approval,
                payments.PaymentUnderReview: handlers.tell_of_review,
            },
        )
        register_wake_up(
            WakeUp(name=SEND, task=SEND, queue="notifications", is_waiting=is_message_due)
        )
