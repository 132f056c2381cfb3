"""Django's entry for what knows all contexts: periodic work, demo data and checks across them."""

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Makes the commands of the composition root available, and the work that nobody asks for known."""

    name = "config"
    label = "composition"

    def ready(self) -> None:
        """Wire the app."""
        from apps.platform.outbox.wakeups import WakeUp, register_wake_up

        for task, every_seconds, queue in (
            ("inventory.expire_reservations", 5.0, "inventory"),
            ("payments.undo_again", 60.0, "payments"),
            ("partitions.ensure", 3600.0, "maintenance"),
            ("idempotency.purge", 600.0, "maintenance"),
            ("payments.purge_messages", 3600.0, "maintenance"),
            ("payments.watch_authorisations", 300.0, "maintenance"),
            ("payments.number_documents", 60.0, "maintenance"),
            ("payments.number_missed_documents", 3600.0, "maintenance"),
            # It looks every hour whether the day's comparison is due, so a restart delays none.
            ("payments.reconcile", 3600.0, "maintenance"),
        ):
            register_wake_up(WakeUp(name=task, task=task, queue=queue, every_seconds=every_seconds))
