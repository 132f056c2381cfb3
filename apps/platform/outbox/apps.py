"""Django's entry for the event bus."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from apps.platform.partitions.registry import PartitionedTable, Span, register


class OutboxConfig(AppConfig):
    """Registers the event log's partitions and makes the lanes of every subscriber."""

    name = "apps.platform.outbox"
    label = "platform_outbox"
    verbose_name = "Event bus"

    def ready(self) -> None:
        """Wire the app."""
        from apps.platform.outbox.lag import refresh_gauges
        from apps.platform.telemetry.metrics import register_gauge_source

        register(PartitionedTable(name="outbox_event", span=Span.DAY))
        register_gauge_source(refresh_gauges)
        post_migrate.connect(_ensure_all_lanes, sender=self)


def _ensure_all_lanes(**_: object) -> None:
    from apps.platform.outbox.lanes import ensure_lanes
    from apps.platform.outbox.registry import list_subscribers

    for subscriber in list_subscribers():
        ensure_lanes(subscriber.name)
