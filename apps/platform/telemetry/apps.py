"""Django's entry for telemetry."""

from django.apps import AppConfig

from apps.platform.telemetry.logs import configure_structlog, keep_celery_from_logging_otherwise
from apps.platform.telemetry.tracing import start_tracing


class TelemetryConfig(AppConfig):
    """Routes all logging of the process one way, and begins to trace it where that is wanted."""

    name = "apps.platform.telemetry"
    label = "platform_telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        """Wire the app."""
        configure_structlog()
        # Here, because Django builds its chain of middleware once all apps are ready.
        start_tracing()
        keep_celery_from_logging_otherwise()
