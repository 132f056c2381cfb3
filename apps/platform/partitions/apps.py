"""Django's entry for partitions."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PartitionsConfig(AppConfig):
    """Makes missing partitions after every migration."""

    name = "apps.platform.partitions"
    label = "platform_partitions"

    def ready(self) -> None:
        """Wire the app."""
        from apps.platform.partitions.making import refresh_gauges
        from apps.platform.telemetry.metrics import register_gauge_source

        register_gauge_source(refresh_gauges)
        post_migrate.connect(_make_partitions, sender=self)


def _make_partitions(**_: object) -> None:
    from django.utils import timezone

    from apps.platform.partitions.making import ensure_partitions

    ensure_partitions(now=timezone.now())
