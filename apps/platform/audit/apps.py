"""Django's entry for the audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app."""

    name = "apps.platform.audit"
    label = "platform_audit"
    verbose_name = "Audit log"
