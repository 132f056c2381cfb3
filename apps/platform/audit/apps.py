"""Django's entry for the audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app, and adds deeds to the page of an order."""

    name = "apps.platform.audit"
    label = "platform_audit"
    verbose_name = "Audit log"

    def ready(self) -> None:
        """Wire the app."""
        from apps.platform.audit.admin import show_deeds
        from apps.platform.backoffice.panels import register_order_panel

        register_order_panel(
            "Done by hand",
            position=30,
            rows=show_deeds,
            permission="platform_audit.view_auditentry",
        )
