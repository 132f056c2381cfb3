"""Django's entry for partitions."""

from django.apps import AppConfig, apps
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
        # The signal is sent for apps with models only, and this one has none.
        post_migrate.connect(_make_partitions, sender=apps.get_app_config("platform_outbox"))


def _make_partitions(**_: object) -> None:
    from django.utils import timezone

    from apps.platform.partitions.making import ensure_partitions

    ensure_partitions(now=timezone.now())
