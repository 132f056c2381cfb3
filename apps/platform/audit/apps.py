"""Django's entry for the audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app, and adds deeds to the page of an order."""

    name = "apps.platform.audit"
    label = "platform_audit"
    verbose_name = "Audit log"

    def ready(self) -> None:
        """Wire the app."""
