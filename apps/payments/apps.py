"""Django's entry for payments: what it hears, and what its workers look for."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Registers the subscriptions and wake-ups of payments."""

    name = "apps.payments"
    label = "payments"

    def ready(self) -> None:
        """Wire the app."""
        from functools import partial

        from apps.kernel.events import orders
        from apps.payments import handlers
        from apps.payments.adapters.registry import list_gates, refuse_unknown_gateways
        from apps.payments.api.problems import STATUSES
        from apps.payments.queries import refresh_gauges
        from apps.payments.services.dispatch_operations import look_at_gates
        from apps.payments.services.handle_messages import HANDLE_MESSAGES
        from apps.payments.services.waking import DISPATCH, is_call_due, is_message_due
        from apps.platform.outbox.registry import subscribe
        from apps.platform.outbox.wakeups import WakeUp, register_wake_up
        from apps.platform.telemetry.metrics import register_gauge_source
        from apps.platform.web.refusals import register_statuses

        refuse_unknown_gateways()
        _count_from_zero()
        subscribe(
            name="payments.saga",
            queue="payments",
            handlers={
                orders.OrderPaymentPending: handlers.authorize_for_orders,
                orders.OrderConfirmed: handlers.capture_for_orders,
                orders.OrderCancellationRequested: handlers.undo_for_orders,
                orders.OrderRefundRequested: handlers.refund_for_orders,
            },
        )
        for gate in list_gates():
            register_wake_up(
                WakeUp(
                    name=f"{DISPATCH}{gate}",
                    task="payments.dispatch",
                    args=(gate,),
                    queue="payments",
                    is_waiting=partial(is_call_due, gate),
                )
            )
        register_wake_up(
            WakeUp(
                name=HANDLE_MESSAGES,
                task="payments.handle_messages",
                queue="payments",
                is_waiting=is_message_due,
            )
        )
        register_gauge_source(refresh_gauges)
        register_gauge_source(look_at_gates)
        register_statuses(STATUSES)


def _count_from_zero() -> None:
    """Show what the alerts watch before it first happens.

    A counter that begins with its first event has not increased, as Prometheus sees it.
    """
    from django.conf import settings

    from apps.platform.telemetry import metrics

    for gateway in settings.OMS_GATEWAYS:
        metrics.payments_failed_total.labels(gateway=gateway)
        metrics.captures_failed_total.labels(gateway=gateway)
        metrics.authorisations_running_out_total.labels(gateway=gateway)
        metrics.webhooks_total.labels(provider=gateway, outcome="failed")
